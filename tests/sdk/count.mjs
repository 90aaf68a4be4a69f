// Sends events by Segment's own Node SDK, unchanged: node count.mjs URL KEY COUNT PEOPLE
import { Analytics } from '@segment/analytics-node'

const [url, writeKey, count, people] = process.argv.slice(2)
const analytics = new Analytics({ writeKey, host: url, path: '/v1/batch', flushAt: 100, maxRetries: 10 })
let failed = 0
analytics.on('error', (error) => {
  failed += 1
  console.error(error)
})
for (let number = 0; number < Number(count); number += 1) {
  analytics.track({
    userId: `node-${number % Number(people)}`,
    event: 'Counted',
    messageId: `node-${number}`,
    properties: { number, by: 'node' },
    timestamp: new Date(Date.UTC(2026, 2, 1, 12) + number),
  })
  // The SDK keeps everything in memory; let it send now and then.
  if (number % 500 === 499) await analytics.flush()
}
await analytics.closeAndFlush({ timeout: 60_000 })
process.exit(failed ? 1 : 0)
