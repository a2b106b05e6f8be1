// A participation from consent to code. `participate` is the whole story; it can begin anywhere,
// because the server knows where this participant is.
// Given: `element`, the page's component, and `server`, its functions; images.js, words.js, trial.js and questions.js come before.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
const REST_MS = 500; // an empty wall between two trials
const SETTLE_MS = 400; // until another tab reads what this one wrote: browsers take their time
const OVER = new Set(["full", "closed", "panel", "crowd", "elsewhere", "paused", "declined"]); // refusals after which nothing helps
let study = null;
let token = null;
let underWay = false;

class Refusal extends Error {
  constructor({ refused, sentence, ending }) {
    super(sentence);
    this.reason = refused;
    this.ending = ending;
  }
}

// Ask the server until it answers. The same call twice does no harm: a vote has its nonce.
async function ask(name, values = {}) {
  for (let seconds = 0.5; ; seconds = Math.min(2 * seconds, 4)) {
    const said = await server.ask({ ask: name, ...values }).catch(() => undefined);
    offline(said === undefined || Boolean(said.wait && study)); // once it is known, it need not wait
    if (said?.refused) throw new Refusal(said);
    if (said && "reply" in said) return said.reply;
    if (said?.wait) write("wait", say("preparing"));
    await Promise.race([pause(1000 * seconds), online()]);
  }
}

// What the server has already when it is asked again, it has: only its reply was lost.
async function once(name, values) {
  await ask(name, values).catch((refusal) => {
    if (refusal.reason !== "twice") throw refusal;
  });
}

const online = () => new Promise((go) => window.addEventListener("online", go, { once: true }));
const offline = (lost) => (element.querySelector(".offline").hidden = !lost);

function write(name, text) {
  element.querySelectorAll(`[data-text="${name}"]`).forEach((place) => (place.textContent = text));
}

function show(name) {
  element.querySelectorAll("section").forEach((s) => (s.hidden = s.dataset.name !== name));
  window.scrollTo(0, 0);
}

// Show a screen and wait for one of its buttons; gives the button's value. Reading comes first:
// the heading has the focus, or what the screen marks for it.
function choice(name) {
  show(name);
  const section = element.querySelector(`section[data-name="${name}"]`);
  section.querySelector("[data-focus]").focus({ preventScroll: true });
  return pressed(section);
}

function pressed(within) {
  return new Promise((resolve) => {
    const ear = new AbortController();
    within.addEventListener(
      "click",
      (event) => {
        const button = event.target.closest("button[value]");
        if (!button) return;
        ear.abort();
        resolve(button.value);
      },
      { signal: ear.signal },
    );
  });
}

// One computer for many people, one after the other: /study?kiosk
const address = new URLSearchParams(location.search);
const kiosk = () => address.has("kiosk") && study.panel.length === 0;
const panelId = () => (study.panel.length ? address.get(study.panel[0]) : "");
const panelDetails = () =>
  Object.fromEntries(study.panel.slice(1).map((name) => [name, address.get(name)]));

// The token outlives a reload. It belongs to a panel's member, not to the browser alone. Where a
// browser keeps nothing, it lives as long as the page.
const memory = {
  key: () => ["study", study.id, panelId()].filter(Boolean).join(" "),
  read: () => {
    try {
      return localStorage.getItem(memory.key());
    } catch {
      return null;
    }
  },
  write: (value) => {
    try {
      localStorage.setItem(memory.key(), value);
    } catch {
      /* no */
    }
  },
  clear: () => {
    try {
      localStorage.removeItem(memory.key());
    } catch {
      /* no */
    }
  },
};

async function participate(greet) {
  study ??= await ask("welcome").then(introduce);
  checkPanel();
  if (/^\d+$/.test(study.display)) await roomy(Number(study.display));
  token ??= memory.read() ?? (await consent());
  let stage = await ask("stage", { token });
  if (stage === "colour_vision") {
    await once("colour_vision", { token, answer: await choice("vision") });
    stage = await ask("stage", { token });
  } else if (stage === "trials" && greet) {
    await choice("again");
  }
  if (stage === "before") stage = await questionPage("before");
  if (stage === "trials") {
    await trials();
    stage = await ask("stage", { token });
  }
  if (stage === "after") await questionPage("after");
  await debrief();
}

// A page of the study's own questions; gives the stage after it.
async function questionPage(page) {
  write("questions", say(`questions_${page}`));
  show("questions");
  questionnaire.querySelector("[data-focus]").focus({ preventScroll: true });
  const answers = await fill(study[page], pressed);
  await once("respond", { token, page, answers });
  return ask("stage", { token });
}

// Wait for a window in which images of this side can be seen whole.
async function roomy(side) {
  while (!isRoom(side, study)) {
    const { width, height } = roomFor(side, study);
    write("small", say("small_why", { width, height, wide: innerWidth, high: innerHeight }));
    show("small");
    await new Promise((go) => window.addEventListener("resize", go, { once: true }));
  }
}

// A panel's member comes by the panel's link, which names them.
function checkPanel() {
  const missing = study.panel.filter((name) => !address.get(name));
  if (!missing.length) return;
  const sentence = say("no_panel", { names: missing.join(", ") });
  throw new Refusal({ refused: "panel", sentence });
}

async function consent() {
  if ((await choice("consent")) === "no") {
    const ending = await ask("decline");
    const sentence = translated("outcomes", ending.sentence, "declined");
    throw new Refusal({ refused: "declined", sentence, ending });
  }
  return oneTabAtATime(async () => memory.read() ?? (await begin())); // another tab may have begun
}

async function begin() {
  const details = study.panel.length > 1 ? { panel_details: panelDetails() } : {};
  const given = await ask("begin", { consent: true, panel_id: panelId(), ...details });
  memory.write(given);
  await pause(SETTLE_MS);
  return given;
}

// In another site's frame (a Space) browsers may keep locks from us.
const oneTabAtATime = (work) =>
  navigator.locks && window.top === window ? navigator.locks.request(memory.key(), work) : work();

async function trials() {
  underWay = true;
  let trial = await ask("next_trial", { token });
  if (trial) furnish(study, trial.answers);
  while (trial) {
    const images = decode(trial.images, "image/png");
    const first = trial.number === 1;
    if (first && (trial.kind === "practice" || !study.practice)) await choice("how");
    else if (first) await choice("trials");
    trial = await take(trial, await images);
  }
  underWay = false;
}

// One trial, its vote, and in practice the truth; gives the next trial.
async function take(trial, images) {
  const side = sideOf(study.display, images[0]);
  await roomy(side);
  place(images, study.words.pictures, side);
  stage.dataset.phase = "blank";
  const { number: n, total } = trial;
  write("place", say(trial.kind === "practice" ? "place_practice" : "place", { n, total }));
  write("prompt", study.words.question);
  stage.querySelector("progress").value = trial.number / trial.total;
  show("trial");
  const [frameMs] = await Promise.all([measureFrame(), pause(REST_MS)]);
  await once("shown", { token, nonce: trial.nonce });
  const said = await run(trial, frameMs);
  const reply = await vote({ token, nonce: trial.nonce, ...said });
  if (reply.truth) await feedback(reply);
  return reply.next;
}

// A vote whose acknowledgment was lost is answered "stale" when it is sent again: it is kept.
async function vote(said) {
  try {
    return await ask("vote", said);
  } catch (refusal) {
    if (refusal.reason !== "stale") throw refusal;
    return { next: await ask("next_trial", { token }) };
  }
}

async function feedback({ right, truth }) {
  figures.forEach((figure, i) => {
    figure.querySelector("figcaption").textContent = study.words.captions[truth][i];
  });
  write("prompt", say(right ? "right" : "wrong"));
  stage.dataset.phase = "feedback";
  const onward = stage.querySelector(".onward");
  await pause(300); // the second half of a double click on the answer is not meant for "Next"
  onward.firstElementChild.disabled = false;
  onward.firstElementChild.focus();
  await pressed(onward);
  onward.firstElementChild.disabled = true;
}

async function debrief() {
  const end = await ask("debrief", { token });
  const scored = end.total > 0; // where no answer is right, nobody was wrong
  write("verdict", translated("outcomes", end.sentence, end.outcome));
  write("debrief", end.told[language] ?? end.told[study.language]);
  part("back").replaceChildren(...goBack(end));
  write("score", scored ? say("score", { right: end.right, total: end.total }) : say("last"));
  const guessed = Math.round(end.total * study.chance);
  write("chance", scored ? say("chance", { n: guessed }) : say("all_kept"));
  write("code", end.code);
  part("links").replaceChildren(...end.links.map(link));
  part("proof").hidden = study.demonstration || kiosk() || !end.code;
  part("anew").hidden = !study.demonstration || kiosk();
  part("next").hidden = !kiosk();
  for (;;) {
    if ((await choice("end")) === "anew") return startAnew();
    await navigator.clipboard?.writeText(end.code).catch(() => undefined);
  }
}

const goBack = ({ address }) => (address ? [link([say("back"), address])] : []);

function link([text, address]) {
  const anchor = document.createElement("a");
  anchor.textContent = translated("links", text);
  anchor.href = address;
  return anchor;
}

function startAnew() {
  memory.clear();
  token = null;
}

// The study's words, into the page.
function introduce(found) {
  speak([found.language, ...Object.keys(found.translations)]);
  const study = { ...found, words: found.translations[language] ?? found.words };
  furnish(study);
  for (const name of ["title", "consent", "question", "how", "practice", "scored"]) {
    write(name, study.words[name]);
  }
  part("facts").replaceChildren(...study.words.facts.map((fact) => made("li", fact)));
  const [before, after] = say("keys").split("{keys}");
  part("keys").replaceChildren(before, ...study.answers.flatMap(keyInRow), after);
  write("kicker", say(study.demonstration ? "demonstration" : "study"));
  document.title = study.title;
  write("look", howToLook(study));
  write("count", say("count", { n: study.trials }));
  return study;
}

function howToLook({ exposure_ms, in_turn }) {
  if (exposure_ms === null) return say("look_long");
  const n = exposure_ms / 1000;
  const time = n === 1 ? say("second") : say("seconds", { n: n.toLocaleString(language) });
  return say(in_turn > 1 ? "look_in_turn" : "look_timed", { time });
}

// ← and →; with more of them: ←, ↓ and →
function keyInRow({ sign }, i, { length }) {
  const before = i === 0 ? "" : i === length - 1 ? ` ${say("and")} ` : ", ";
  return [before, made("kbd", sign)];
}

// Whatever went wrong, in a sentence; `participate` then goes on where the server says.
async function explain(error) {
  underWay = false;
  if (!(error instanceof Refusal)) console.error(error);
  if (error.reason === "token") startAnew();
  const known = error instanceof Refusal;
  write("stop", known ? translated("refusals", error.message, error.reason) : say("broken"));
  write("stopCode", error.ending?.code ?? "");
  part("stopBack").replaceChildren(...goBack(error.ending ?? {}));
  const section = element.querySelector('section[data-name="stop"]');
  const next = study && kiosk() && error.reason === "declined"; // the one behind them may want to
  section.querySelector("button").hidden = OVER.has(error.reason) && !next;
  await choice("stop");
}

window.addEventListener("beforeunload", (event) => underWay && event.preventDefault());

(async () => {
  for (let greet = true; ; greet = false) {
    await participate(greet).catch(explain);
  }
})();
