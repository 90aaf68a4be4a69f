// The official Node SDK as a shop would use it: node send.mjs URL WRITE_KEY COUNT
import { Analytics } from "@segment/analytics-node";

const [url, writeKey, count] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host: url, maxEventsInBatch: 100, flushInterval: 500 });
analytics.on("error", (error) => {
  console.error(error);
  process.exitCode = 1;
});

for (let n = 0; n < Number(count); n += 1) {
  const userId = `node-${n % 50}`;
  if (n % 10 === 9) analytics.identify({ userId, traits: { plan: "gold", n } });
  else analytics.track({ userId, event: "Product Viewed", properties: { n, price: n / 100 } });
}
await analytics.closeAndFlush({ timeout: 60_000 });
