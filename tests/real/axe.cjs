// Shows one address in Chromium and prints, as JSON, what axe-core finds wrong and what the browser itself complained of.
//   node axe.cjs ADDRESS CHROMIUM SCHEME WIDTH [PICTURE]
// SCHEME is light or dark; WIDTH in CSS pixels. NODE_PATH has axe-core and playwright-core.
const axe = require("axe-core");
const { chromium } = require("playwright-core");

async function main([address, executablePath, colorScheme, width, picture]) {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ colorScheme, viewport: { width: Number(width), height: 800 } });
    const complaints = [];
    const asked = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.goto(address, { waitUntil: "load" });
    // Through the debugger, so the page's own policy against scripts stays in force.
    await page.evaluate(axe.source);
    // A page that shows something newer meanwhile is judged again: what is taken out in the middle cannot be decided.
    const found = await page.evaluate(async () => {
      for (;;) {
        const shown = document.querySelector("main");
        const judged = await axe.run(document, { resultTypes: ["violations", "incomplete"] });
        if (document.querySelector("main") === shown) return judged;
      }
    });
    const brief = (rules) => rules.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html).join(" | ")}`);
    const sizes = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    if (picture) await page.screenshot({ path: picture, fullPage: true });
    console.log(
      JSON.stringify({
        violations: brief(found.violations),
        incomplete: brief(found.incomplete),
        passes: found.passes.length,
        complaints,
        asked,
        scrolls_sideways: sizes[0] > sizes[1],
        ground,
        title: await page.title(),
      }),
    );
  } finally {
    await browser.close();
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
