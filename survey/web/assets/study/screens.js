// A participation from consent to code. `participate` is the whole story; it can begin anywhere,
// because the server knows where this participant is.
// Given: `element`, the page's component, and `server`, its functions; trial.js comes before.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
const REST_MS = 500; // an empty wall between two trials
const SETTLE_MS = 400; // until another tab reads what this one wrote: browsers take their time
const OVER = new Set(["full", "closed", "panel", "crowd", "elsewhere", "paused", "declined"]); // refusals after which nothing helps
const BROKEN = "Something went wrong in this page. Your answers so far are kept.";
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
    if (said?.wait) write("wait", said.wait);
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
  token ??= memory.read() ?? (await consent());
  let stage = await ask("stage", { token });
  if (stage === "colour_vision") {
    await once("colour_vision", { token, answer: await choice("vision") });
    stage = "trials";
  } else if (stage === "trials" && greet) {
    await choice("again");
  }
  if (stage === "trials") await trials();
  await debrief();
}

// A panel's member comes by the panel's link, which names them.
function checkPanel() {
  const missing = study.panel.filter((name) => !address.get(name));
  if (!missing.length) return;
  const sentence = `This study is for the members of a panel. Please open it by the link that the panel gave you: this address lacks ${missing.join(", ")}.`;
  throw new Refusal({ refused: "panel", sentence });
}

async function consent() {
  if ((await choice("consent")) === "no") {
    const ending = await ask("decline");
    throw new Refusal({ refused: "declined", sentence: ending.sentence, ending });
  }
  return oneTabAtATime(async () => memory.read() ?? (await begin())); // another tab may have begun
}

async function begin() {
  const given = await ask("begin", { consent: true, panel_id: panelId() });
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
    const images = decode(trial.images);
    const first = trial.number === 1;
    if (first && (trial.kind === "practice" || !study.practice)) await choice("how");
    else if (first) await choice("trials");
    trial = await take(trial, await images);
  }
  underWay = false;
}

// One trial, its vote, and in practice the truth; gives the next trial.
async function take(trial, images) {
  place(images, study.words.pictures);
  stage.dataset.phase = "blank";
  write(
    "place",
    `${trial.kind === "practice" ? "Practice " : ""}${trial.number} of ${trial.total}`,
  );
  write("prompt", study.question);
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
  write("prompt", right ? "Right." : "Not this time.");
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
  write("verdict", end.sentence);
  part("back").replaceChildren(...goBack(end));
  write("score", scored ? `You were right in ${end.right} of ${end.total}` : "That was the last");
  const guessed = Math.round(end.total * study.chance);
  write("chance", scored ? `Guessing is right in about ${guessed}.` : "All your answers are kept.");
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

const goBack = ({ address }) => (address ? [link(["Back to the panel", address])] : []);

function link([text, address]) {
  const anchor = document.createElement("a");
  anchor.textContent = text;
  anchor.href = address;
  return anchor;
}

function startAnew() {
  memory.clear();
  token = null;
}

// The study's words, into the page.
function introduce(study) {
  part("keys").replaceChildren(...study.answers.flatMap(keyInRow));
  write("kicker", study.demonstration ? "A demonstration, not a scientific study" : "A study");
  for (const name of ["title", "consent", "question"]) write(name, study[name]);
  for (const name of ["how", "practice", "scored"]) write(name, study.words[name]);
  document.title = study.title;
  const seconds = study.exposure_ms / 1000;
  const time = seconds === 1 ? "one second" : `${seconds} seconds`;
  write(
    "look",
    study.exposure_ms === null
      ? "Look for as long as you like, then answer."
      : `Look closely: after ${time} it is covered. Then take the time you need to answer.`,
  );
  write("count", `Now ${study.trials} that count`);
  return study;
}

// ← and →; with more of them: ←, ↓ and →
function keyInRow({ sign }, i, { length }) {
  const before = i === 0 ? "" : i === length - 1 ? " and " : ", ";
  return [before, made("kbd", sign)];
}

// Whatever went wrong, in a sentence; `participate` then goes on where the server says.
async function explain(error) {
  underWay = false;
  if (!(error instanceof Refusal)) console.error(error);
  if (error.reason === "token") startAnew();
  write("stop", error instanceof Refusal ? error.message : BROKEN);
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
