import { launch, visit } from "/work/main/web/e2e/browser.mjs";
const base = process.env.BASE ?? "http://localhost:27000";
const browser = await launch();
for (const spec of process.argv.slice(2)) {
  const [path, language="en", mode="", name="x"] = spec.split(",");
  const state = process.env.STATE;
  const v = await visit(browser, base, { language, dark: mode.includes("dark"), phone: mode.includes("phone"), ...(state ? {storageState: state}: {}) });
  await v.page.goto(path); await v.page.waitForLoadState("networkidle").catch(()=>{}); await v.page.waitForTimeout(900);
  await v.page.screenshot({ path: `/tmp/shots/${name}.png`, fullPage: mode.includes("full") });
  console.log(name, await v.page.title(), v.complaints.slice(0,4));
  await v.context.close();
}
await browser.close();
