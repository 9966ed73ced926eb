"use strict";
// Shows the ticket's incident and writes Liaison's commands as the agent's private notes. It decides nothing and knows
// no secret: Zendesk's proxy puts the token in, and who may do what is judged where the note is heard.
(() => {
  const TICKETS = document.querySelector('meta[name="liaison-tickets"]').content;
  const AGAIN_MS = 60000;
  const WITHOUT = ["escalate", "link", "help"];
  const WITH = ["status", "escalate", "owner", "promise", "update", "note", "split", "link", "not-an-incident", "close", "help"];
  const NEEDS_WORDS = ["link", "owner", "promise", "update", "note", "close", "help"];
  const LONG = ["update", "note"];
  const at = (id) => document.getElementById(id);
  let words = WORDS.en;
  let locale = "en";
  let ticket = null;
  let shown = null;
  let verb = null;
  let isWriting = false;

  function element(tag, text, attributes = {}) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function theirs(tag, text, attributes = {}) {
    // In the team's language, whichever the agent's is; a gateway before it could tell which spoke English.
    return element(tag, text, { lang: shown.language || "en", ...attributes });
  }

  function moment(iso) {
    const when = new Date(iso);
    const isToday = when.toDateString() === new Date().toDateString();
    const form = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    return element("time", new Intl.DateTimeFormat(locale, form).format(when), { datetime: iso });
  }

  function say(text) {
    at("said").textContent = text;
    fit();
  }

  function fit() {
    client.invoke("resize", { width: "100%", height: `${document.body.offsetHeight}px` }).catch(() => {});
  }

  function section(heading, ...inside) {
    const made = element("section");
    made.append(element("h2", heading), ...inside);
    return made;
  }

  function line(label, ...inside) {
    const made = element("p");
    made.append(`${label} `, ...inside);
    return made;
  }

  function steps(incident) {
    if (!incident.next.length) return [element("p", incident.is_over ? words.over : words.nothing)];
    const list = element("ul");
    for (const step of incident.next) {
      const item = element("li", undefined, step.is_overdue ? { class: "late" } : {});
      item.append(moment(step.at), ": ", theirs("span", step.what));
      if (step.is_overdue) item.append(" – ", element("strong", words.overdue));
      list.append(item);
    }
    return [list];
  }

  function told(incident) {
    if (!incident.told.length) return [element("p", words.untold)];
    return incident.told.flatMap((one) => {
      const below = element("p", undefined, { class: "soft" });
      if (one.at) below.append(moment(one.at), " ");
      below.append(`${words.to} ${one.told}`);
      if (one.waiting) below.append(`, ${one.waiting} ${words.waiting}`);
      if (one.not_told) below.append(", ", element("strong", `${one.not_told} ${words.not_told}`));
      return [element("blockquote", one.text), below];
    });
  }

  function story(incident) {
    const standing = element("p");
    standing.append(`${words.severity} ${incident.severity} · `, theirs("strong", incident.state), ` ${words.since} `, moment(incident.since));
    const facts = element("dl");
    for (const fact of incident.facts) {
      const own = words.labels[fact.label];
      facts.append(own ? element("dt", own) : theirs("dt", fact.label), theirs("dd", fact.value));
    }
    const found = [
      standing,
      line(`${words.with}:`, theirs("strong", incident.responder)),
      line(`${words.owner}:`, element("strong", incident.owner || words.nobody)),
      section(words.next, ...steps(incident)),
    ];
    if (incident.promised_by) found.push(line(words.promised, moment(incident.promised_by)));
    for (const one of incident.questions) found.push(line(words.asked, theirs("strong", one.about)));
    found.push(section(words.known, facts), section(words.told, ...told(incident)));
    if (/^https?:\/\//.test(incident.board || "")) {
      const link = element("a", words.board, { href: incident.board, target: "_blank", rel: "noreferrer noopener" });
      const around = element("p");
      around.append(link);
      found.push(around);
    }
    return found;
  }

  function show() {
    const incident = shown.incident;
    at("heading").textContent = incident ? `${incident.name} ${incident.title}` : words.none;
    at("incident").replaceChildren(...(incident ? story(incident) : []));
    at("commands").hidden = !shown.is_heard;
    const asked = incident && incident.questions.length ? ["approve", "deny"] : [];
    const offered = incident ? [...asked, ...WITH] : WITHOUT;
    const before = [...at("verbs").querySelectorAll("button")].map((one) => one.value);
    // What somebody is about to press stays where it is.
    if (before.join() !== offered.join()) {
      at("verbs").replaceChildren(
        ...offered.map((one) => {
          const item = element("li");
          const button = element("button", words.verbs[one], { type: "button", value: one });
          button.addEventListener("click", () => open(one));
          item.append(button);
          return item;
        }),
      );
    }
    fit();
  }

  function open(chosen) {
    verb = chosen;
    const help = shown.commands.find((one) => one.verb === chosen);
    const isFree = chosen === "help";
    const field = at("words");
    field.required = NEEDS_WORDS.includes(chosen) || (chosen === "escalate" && !shown.incident);
    field.rows = LONG.includes(chosen) ? 4 : 2;
    field.value = ["approve", "deny"].includes(chosen) ? `${shown.incident.questions[0].answer} ` : "";
    field.hidden = chosen === "status";
    at("usage").textContent = isFree ? "/liaison …" : `/liaison ${help.usage}`;
    at("example").textContent = `${words.example}: /liaison ${help.example}`;
    at("command").hidden = false;
    say("");
    (field.hidden ? at("write") : field).focus();
  }

  function leave() {
    at("command").hidden = true;
    const button = at("verbs").querySelector(`button[value="${verb}"]`);
    if (button) button.focus();
    fit();
  }

  function note() {
    const given = at("words").value.trim();
    const typed = verb === "status" ? "" : LONG.includes(verb) ? given : given.replace(/\s+/g, " ");
    return ["/liaison", verb === "help" ? "" : verb, typed].filter(Boolean).join(" ");
  }

  async function write(event) {
    event.preventDefault();
    // A disabled button would lose the focus of whoever has pressed it.
    if (isWriting) return;
    isWriting = true;
    try {
      const said = shown.is_posted ? await post(note()) : await compose(note());
      if (said !== words.draft && said !== words.public) leave();
      say(said);
    } catch (error) {
      // Only a refusal is sure to have done nothing: an answer that was lost may be one to a note that stands there.
      const isRefused = error && error.status >= 400 && error.status < 500;
      say(isRefused || !shown.is_posted ? words.failed : words.unsure);
    } finally {
      isWriting = false;
    }
  }

  async function post(body) {
    await client.request({
      url: `/api/v2/tickets/${encodeURIComponent(ticket)}.json`,
      type: "PUT",
      contentType: "application/json",
      data: JSON.stringify({ ticket: { comment: { body, public: false } } }),
    });
    return words.sent;
  }

  function isEmpty(text) {
    return !new DOMParser().parseFromString(text || "", "text/html").body.textContent.trim();
  }

  async function compose(body) {
    // What the agent has begun is neither mixed with a command nor made private or public by us.
    if (!isEmpty((await client.get("comment.text"))["comment.text"])) return words.draft;
    await client.set("comment.type", "internalNote");
    const now = await client.get(["comment.type", "comment.text"]);
    if (now["comment.type"] !== "internalNote") return words.public;
    if (!isEmpty(now["comment.text"])) return words.draft;
    await client.invoke("comment.appendText", body);
    return words.composed;
  }

  async function load() {
    try {
      shown = await client.request({
        url: TICKETS + encodeURIComponent(ticket),
        type: "GET",
        dataType: "json",
        headers: { Authorization: "Bearer {{setting.token}}" },
        secure: true,
        cors: false,
      });
      if ([words.refused, words.away, words.loading].includes(at("said").textContent)) say("");
      show();
    } catch (error) {
      say(error && error.status === 401 ? words.refused : words.away);
    }
  }

  function paint(scheme) {
    if (scheme === "dark" || scheme === "light") document.documentElement.dataset.scheme = scheme;
  }

  async function begin() {
    const found = await client.get(["ticket.id", "currentUser.locale"]);
    ticket = String(found["ticket.id"]);
    const language = String(found["currentUser.locale"] || "en").toLowerCase().split("-")[0];
    if (WORDS[language]) [words, locale] = [WORDS[language], found["currentUser.locale"]];
    document.documentElement.lang = language in WORDS ? language : "en";
    at("commands-heading").textContent = words.act;
    at("write").textContent = words.write;
    at("leave").textContent = words.leave;
    say(words.loading);
    await load();
    client.on("app.activated", load);
    client.on("ticket.comments.changed", load);
    setInterval(() => document.visibilityState === "visible" && load(), AGAIN_MS);
  }

  paint(new URLSearchParams(location.search).get("colorScheme"));
  const client = ZAFClient.init();
  if (!client) {
    at("said").textContent = words.outside;
    return;
  }
  client.on("colorScheme.changed", paint);
  at("command").addEventListener("submit", write);
  at("leave").addEventListener("click", leave);
  at("command").addEventListener("keydown", (event) => event.key === "Escape" && leave());
  begin().catch(() => say(words.away));
})();
