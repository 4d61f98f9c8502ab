// The chat page's own movements. Every form works without them; no words of the page stand here.

const WAIT = 15_000; // a sending that takes longer has failed
const LOOK_AGAIN = 6_000; // an answer that is not here by then is looked for on the page itself
const LONGEST_PAUSE = 300_000;

const turns = document.getElementById("turns");
const box = document.getElementById("text");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const pointer = matchMedia("(pointer: fine)");

const number = (turn) => Number(turn.dataset.turn);
const last = () => Math.max(0, ...[...turns.querySelectorAll("[data-turn]")].map(number));

// ---------------------------------------------------------------- turns

function lead(element) {
  element.scrollIntoView({ behavior: calm.matches ? "auto" : "smooth", block: "start" });
}

// What this turn answers: what is on its way, or what seemed not to have been sent and came all the same.
function answered(turn) {
  const words = (place) => place.querySelector(".said .words")?.textContent.trim();
  const stuck = [...turns.querySelectorAll(".stuck")].find((place) => words(place) === words(turn));
  return turns.querySelector(".pending:not(.stuck)") ?? stuck;
}

function take(turn) {
  if (!turn || number(turn) <= last()) return;
  const awaited = answered(turn);
  if (awaited) awaited.replaceWith(turn);
  else turns.insertBefore(turn, turns.querySelector(".pending"));
  eventIds = new WeakMap();
  prepare(turn);
  // What another tab or a reminder brings must not take the owner away from what they are doing.
  if (!awaited) return;
  lead(turn);
  const typing = document.activeElement === box && pointer.matches;
  if (!typing) turn.querySelector("[tabindex='-1']")?.focus({ preventScroll: true });
}

function parsed(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return holder.content.querySelector("[data-turn]");
}

let source;
let pause = 0;

function listen() {
  source?.close();
  source = new EventSource(`/chat/stream?of=${turns.dataset.of}&after=${last()}`);
  source.addEventListener("open", () => (pause = 0));
  source.addEventListener("moved", begin);
  source.addEventListener("turn", (event) => take(parsed(event.data)));
  source.addEventListener("error", () => {
    // A lost connection is the browser's to renew; one that was refused is ours.
    if (source.readyState !== EventSource.CLOSED) return;
    pause = Math.min(Math.max(2 * pause, 5_000), LONGEST_PAUSE);
    setTimeout(hear, pause);
  });
}

function hear() {
  if (source.readyState === EventSource.CLOSED && document.visibilityState === "visible") listen();
}

// Another conversation than the one shown here has taken its place: the page has to be drawn anew.
function begin() {
  source.close();
  location.assign("/");
}

async function catchUp() {
  const response = await fetch("/", { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (page.getElementById("turns")?.dataset.of !== turns.dataset.of) return begin();
  page.querySelectorAll("[data-turn]").forEach(take);
  // The page has all the answers there are: what still waits was sent twice, and was answered the first time.
  turns.querySelectorAll(".pending.sent").forEach((pending) => pending.remove());
}

// ---------------------------------------------------------------- sending

// One id for a form until the next turn: a tap that is sent twice is answered once.
let eventIds = new WeakMap();
const waiting = new WeakMap();

function eventId(form) {
  if (!eventIds.has(form)) {
    // randomUUID is missing on a page that is not served over HTTPS.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    eventIds.set(form, [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return eventIds.get(form);
}

function submitted(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/chat") return;
  event.preventDefault();
  const button = event.submitter;
  const before = waiting.get(form);
  if (before && !before.failed && before.place.isConnected) return;
  const typed = form.contains(box);
  if (typed && !box.value.trim()) return box.focus();
  if (button?.classList.contains("done") && !form.querySelector(":checked") && form.querySelector(".none")) {
    count(form, true);
    return;
  }
  if (before?.failed) before.place.remove();
  // Words that were changed after a failure are other words.
  if (typed && before?.failed && before.words !== box.value) eventIds.delete(form);
  const data = new FormData(form);
  if (button?.name) data.set(button.name, button.value);
  data.set("event", eventId(form));
  const gesture = { form, data, typed, words: typed ? box.value : echo(form, button), failed: false };
  gesture.place = pending(gesture);
  // A typed text is an answer of its own each time, a question's buttons are not.
  if (typed) eventIds.delete(form);
  else waiting.set(form, gesture);
  if (typed) clear();
  lead(gesture.place);
  post(gesture);
}

function echo(form, button) {
  const ticked = [...form.querySelectorAll(":checked")];
  const chosen = button?.classList.contains("done") && ticked.length ? ticked.map((tick) => tick.closest("label")) : [button];
  return chosen.map((element) => label(element)).join("、");
}

function label(element) {
  const copy = element.cloneNode(true);
  copy.querySelector(".hint")?.remove();
  return copy.textContent.trim();
}

function pending(gesture) {
  const place = document.getElementById("pending").content.firstElementChild.cloneNode(true);
  place.querySelector(".words").textContent = gesture.words.trim();
  place.querySelector(".retry").addEventListener("click", () => {
    gesture.failed = false;
    if (gesture.typed && box.value === gesture.words) clear();
    state(place, "waiting");
    post(gesture);
  });
  turns.append(place);
  return place;
}

function state(place, shown) {
  place.classList.toggle("stuck", shown !== "waiting");
  for (const name of ["waiting", "failed", "long"]) place.querySelector(`.${name}`).hidden = name !== shown;
}

async function post(gesture) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT);
  try {
    const options = { method: "POST", body: gesture.data, headers: { accept: "application/json" }, signal: stop.signal };
    const response = await fetch("/chat", options);
    // The browser's cookie is gone, or its conversation has joined another.
    if (response.redirected) return begin();
    if (response.ok) return sent(gesture);
    failed(gesture, response.status === 413 ? "long" : "failed");
  } catch {
    failed(gesture, "failed");
  } finally {
    clearTimeout(timer);
  }
}

function sent(gesture) {
  gesture.place.classList.add("sent");
  hear();
  const look = () => {
    if (!gesture.place.isConnected) return;
    catchUp().catch(() => {});
    setTimeout(look, LOOK_AGAIN);
  };
  setTimeout(look, LOOK_AGAIN);
}

function failed(gesture, how) {
  // The answer may have come although the sending seemed to fail.
  if (!gesture.place.isConnected) return;
  gesture.failed = true;
  state(gesture.place, how);
  if (gesture.typed && !box.value) {
    box.value = gesture.words;
    waiting.set(gesture.form, gesture);
    eventIds.set(gesture.form, gesture.data.get("event"));
    grow();
  }
  gesture.place.querySelector(".retry").focus({ preventScroll: true });
}

// ---------------------------------------------------------------- multi-choices

function prepare(turn) {
  for (const form of turn.querySelectorAll("form")) {
    const all = form.querySelector(".all");
    if (all) {
      all.hidden = false;
      all.addEventListener("click", () => {
        const on = all.getAttribute("aria-pressed") !== "true";
        form.querySelectorAll("[name=pick]").forEach((tick) => (tick.checked = on));
        count(form);
      });
    }
    if (form.querySelector("[name=pick]")) {
      form.addEventListener("change", () => count(form));
      count(form);
    }
  }
}

function count(form, asked = false) {
  const line = form.querySelector(".count");
  const ticks = [...form.querySelectorAll("[name=pick]")];
  const n = ticks.filter((tick) => tick.checked).length;
  const limit = Number(line.dataset.limit);
  const full = limit > 0 && n >= limit;
  for (const tick of ticks) tick.disabled = full && !tick.checked;
  const words = n ? (full ? line.dataset.full : line.dataset.some) : asked ? line.dataset.nothing : "";
  line.textContent = words.replace("{n}", n);
  line.classList.toggle("full", full || asked);
  const all = form.querySelector(".all");
  if (all) {
    const every = n === ticks.length;
    all.setAttribute("aria-pressed", String(every));
    all.textContent = every ? all.dataset.on : all.dataset.off;
  }
}

// ---------------------------------------------------------------- typing

function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
}

function clear() {
  box.value = "";
  grow();
}

box.addEventListener("input", grow);
box.addEventListener("keydown", (event) => {
  // 229 and isComposing: the Enter that ends a conversion of kana is no wish to send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229 || !pointer.matches) return;
  event.preventDefault();
  box.form.requestSubmit();
});

// ---------------------------------------------------------------- beginning

history.scrollRestoration = "manual";
document.addEventListener("submit", submitted);
document.addEventListener("visibilitychange", hear);
addEventListener("online", hear);
// A page that comes back from the browser's memory has lost its stream.
addEventListener("pageshow", (event) => event.persisted && listen());
addEventListener("pagehide", () => source.close());
turns.querySelectorAll("[data-turn]").forEach(prepare);
if (turns.children.length > 1) turns.lastElementChild.scrollIntoView({ block: "start" });
grow();
listen();
