"use strict";
// Shows the newest board when the gateway says that something has changed, and at least twice a minute, because "in 4
// min" grows old. Without this script the page asks for itself again every 30 s.
(() => {
  const EVERY = 30000;
  const live = document.getElementById("live");
  // The words come with the page, in the language of the team.
  const says = (which) => { live.textContent = live.dataset[which]; };
  let isAsking = false;
  let wasTold = false;

  async function look() {
    if (isAsking) { wasTold = true; return; }
    isAsking = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) { throw new Error(String(answer.status)); }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const had = document.activeElement && document.activeElement.getAttribute("href");
      for (const part of ["main", "footer time"]) {
        document.querySelector(part).replaceWith(fresh.querySelector(part));
      }
      document.title = fresh.title;
      if (had) {
        const same = [...document.querySelectorAll("main a")].find((one) => one.getAttribute("href") === had);
        if (same) { same.focus({ preventScroll: true }); }
      }
      says("live");
    } catch (error) {
      says("away");
    } finally {
      isAsking = false;
      if (wasTold) { wasTold = false; look(); }
    }
  }

  const events = new EventSource("events");
  events.addEventListener("change", look);
  events.onopen = look;
  events.onerror = () => says("again");
  setInterval(look, EVERY);
})();
