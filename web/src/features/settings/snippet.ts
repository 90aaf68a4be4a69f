/** A command for a terminal that uses a fresh key at once. */
export function snippet(origin: string, kind: "collect" | "api", key: string): string {
  if (kind === "api") return `curl ${origin}/api/v1/people \\\n  -H "Authorization: Bearer ${key}"`;
  const event = {
    userId: "42",
    event: "Order Completed",
    properties: { order_id: "A-1001", total: 59.9, currency: "EUR" },
  };
  return `curl ${origin}/v1/track \\\n  -u "${key}:" \\\n  -H "Content-Type: application/json" \\\n  -d '${JSON.stringify(event)}'`;
}

/** What stands in every page of a site: calls are kept until the script is there. */
export function websiteCode(origin: string, key: string): string {
  return `<script>
  window.hudhud = window.hudhud || [];
  ["page", "track", "identify", "group", "alias", "reset", "consent"].forEach(function (name) {
    hudhud[name] = hudhud[name] || function () { hudhud.push([name].concat([].slice.call(arguments))); };
  });
  hudhud.page();
</script>
<script async src="${origin}/analytics.js" data-key="${key}"></script>`;
}

export function itemsOfList<T>(list: { items: T[] } | undefined): T[] {
  return list?.items ?? [];
}
