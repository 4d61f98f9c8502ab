// The page of a campaign that is being sent looks for new figures every few seconds. No words of the page stand here.

const EVERY = 5_000;
const WAIT = 8_000;

const live = document.getElementById("live");
const late = document.getElementById("late");
let timer;

async function look() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(live.dataset.from, { redirect: "manual", signal: AbortSignal.timeout(WAIT) });
    // Signed out: whoever is there has to sign in again.
    if (answer.type === "opaqueredirect") return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.text());
    late.hidden = true;
  } catch {
    late.hidden = false;
  }
  timer = setTimeout(look, EVERY);
}

function show(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelector("[data-state]");
  const shown = live.querySelector("[data-state]");
  // In another state other buttons stand above.
  if (fresh.dataset.state !== shown.dataset.state) return location.reload();
  // What is open stays open, and who is reading or tapping there is not disturbed by figures that are the same.
  if (fresh.innerHTML !== shown.innerHTML && !shown.querySelector("details[open]")) shown.replaceWith(fresh);
}

document.addEventListener("visibilitychange", look);
timer = setTimeout(look, EVERY);
