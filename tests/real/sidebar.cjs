// Plays an agent with the sidebar app in Chromium, and prints as JSON what the app showed and asked for.
//   node sidebar.cjs PAGE TICKETS TOKEN CHROMIUM STORY
// PAGE is where the app's iframe.html is served, TICKETS where the gateway really is, STORY a JSON object:
//   {locale, scheme, width, type, draft, stays_public, refuses, loses: status, press: [verb, words] or null, picture}
// NODE_PATH has axe-core and playwright-core.
//
// Zendesk's client library is not fetched: a client that behaves as developer.zendesk.com documents it stands in ("ZAF
// Client API", "Ticket and New Ticket sidebar", "Using secure settings"): the proxy, not the page, knows the token.
const axe = require("axe-core");
const { chromium } = require("playwright-core");

const SDK = "https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js";

function standIn(story) {
  const state = { "comment.text": story.draft || "", "comment.type": story.type || "publicReply" };
  const values = { "ticket.id": 1, "currentUser.locale": story.locale };
  const client = {
    async get(paths) {
      const asked = [].concat(paths);
      return Object.fromEntries(asked.map((path) => [path, path in state ? state[path] : values[path]]));
    },
    async set(path, value) {
      if (!story.stays_public) state[path] = value;
      return { [path]: state[path] };
    },
    async invoke(action, value) {
      if (action === "comment.appendText") state["comment.text"] += value;
      if (action === "resize") await window.zendeskResize(parseInt(value.height, 10));
      return { [action]: null };
    },
    on() {},
    async request(options) {
      if (options.url.startsWith("/")) {
        await window.zendeskApi(options);
        if (story.refuses) throw { status: 403 };
        if (story.loses) throw { status: story.loses };
        return {};
      }
      const answer = await window.zendeskProxy(options);
      if (answer.status !== 200) throw { status: answer.status };
      return options.dataType === "json" ? JSON.parse(answer.text) : answer.text;
    },
  };
  window.editor = state;
  window.ZAFClient = { init: () => client };
}

async function main([address, tickets, token, executablePath, told]) {
  const story = JSON.parse(told);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ colorScheme: "light", viewport: { width: story.width, height: 800 } });
    const complaints = [];
    const asked = [];
    const written = [];
    const seen = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => asked.push(request.url()));
    await page.exposeFunction("zendeskApi", (options) => written.push({ ...options, data: JSON.parse(options.data) }));
    // Zendesk makes the app's frame as high as it asks.
    await page.exposeFunction("zendeskResize", (height) => page.setViewportSize({ width: story.width, height }));
    await page.exposeFunction("zendeskProxy", async (options) => {
      seen.push(options);
      const fill = (text) => (options.secure ? text.replaceAll("{{setting.token}}", token) : text);
      const headers = Object.fromEntries(Object.entries(options.headers).map(([name, text]) => [name, fill(text)]));
      const answer = await fetch(tickets + new URL(options.url).pathname, { method: options.type, headers });
      return { status: answer.status, text: await answer.text() };
    });
    await page.route(SDK, (route) => route.fulfill({ contentType: "text/javascript", body: `(${standIn})(${told})` }));
    await page.goto(`${address}?origin=https://acme.zendesk.com&colorScheme=${story.scheme}`, { waitUntil: "load" });
    const said = page.locator("#said");
    await page.waitForFunction(() => !document.getElementById("said").textContent.includes("…"));
    const first = await said.textContent();
    if (story.press) {
      // By the keyboard alone, as somebody would who has no mouse.
      const [verb, words] = story.press;
      await page.locator(`#verbs button[value="${verb}"]`).focus();
      await page.keyboard.press("Enter");
      if (words) await page.keyboard.insertText(words);
      if (words) await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      if (words !== "") await page.waitForFunction(() => document.getElementById("said").textContent);
    }
    const answered = await said.textContent();
    const shownForm = await page.locator("#command").isVisible();
    if (!shownForm && (await page.locator("#commands").isVisible())) {
      await page.locator("#verbs button").first().click();
    }
    await page.evaluate(axe.source);
    // axe-core takes the field for covered by itself and cannot decide on its contrast: its colours are told instead.
    const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations", "incomplete"] }));
    const colours = (place) =>
      page.locator(place).evaluate((shown) => [getComputedStyle(shown).color, getComputedStyle(shown).backgroundColor]);
    const brief = (rules) => rules.map((rule) => `${rule.id}: ${rule.nodes.map((node) => node.html + (node.any[0] ? ` (${node.any[0].message})` : "")).join(" | ")}`);
    if (story.picture) await page.screenshot({ path: story.picture, fullPage: true });
    console.log(
      JSON.stringify({
        violations: brief(found.violations),
        incomplete: brief(found.incomplete).filter((one) => !/^color-contrast: <textarea id="words"[^|]*$/.test(one)),
        field: await colours("#words"),
        page: await colours("body"),
        passes: found.passes.length,
        complaints,
        asked,
        written,
        proxied: seen,
        said: first,
        answered: story.press ? answered : "",
        form_stays: shownForm,
        typed: await page.locator("#words").inputValue(),
        editor: await page.evaluate(() => window.editor),
        text: await page.locator("main").innerText(),
        verbs: await page.locator("#verbs button").evaluateAll((all) => all.map((one) => one.value)),
        html: await page.content(),
        language: await page.locator("html").getAttribute("lang"),
        height: await page.evaluate(() => [document.body.offsetHeight, innerHeight]),
        scrolls_sideways: await page.evaluate(() => document.documentElement.scrollWidth > innerWidth),
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
