// The screen of an event looks for new figures every few seconds. No words of the page stand here.

const EVERY = 4_000;
const WAIT = 8_000;

const live = document.getElementById("live");
const said = document.getElementById("said");
const late = document.getElementById("late");
let before = "";
let timer;

async function look() {
  clearTimeout(timer);
  if (document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(live.dataset.from, { redirect: "manual", signal: AbortSignal.timeout(WAIT) });
    if (answer.type === "opaqueredirect") {
      // Signed out: whoever is there has to sign in again.
      document.getElementById("stopped").hidden = false;
      return;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    show(await answer.text());
    late.hidden = true;
  } catch {
    late.hidden = false;
  }
  timer = setTimeout(look, EVERY);
}

function show(html) {
  if (html === before) return;
  const first = before === "";
  before = html;
  live.innerHTML = html;
  // What a screen reader says, politely, is one sentence, and only where the counts are others.
  const sentence = live.querySelector("[data-said]").dataset.said;
  if (!first && said.textContent !== sentence) said.textContent = sentence;
}

document.addEventListener("visibilitychange", look);
look();
