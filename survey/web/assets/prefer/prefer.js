// The Prefer page: a pair without names, one key or tap, then the names, and the next.
// Given: `element`, the page's component, and `server`, its functions; images.js comes before.

const stand = element.querySelector(".stand");
const pictures = [...stand.querySelectorAll(".picture")];
const captions = [...stand.querySelectorAll("figcaption")];
const answers = [...stand.querySelectorAll(".answers button")];
const onward = stand.querySelector(".onward");
const prompt = stand.querySelector(".prompt");
const own = element.querySelector(".own");
const consent = own.querySelector("[name=consent]");
const file = own.querySelector("[type=file]");
const away = own.querySelector(".away");
const KEYS = { ArrowLeft: "first", ArrowDown: "tie", ArrowRight: "second" };
const QUESTION = "Which do you prefer?";
const SIDE = 1024; // pixels of the longer side of what is sent
const SETTLE_MS = 350; // the second half of a double press on "Next" is no vote
const MEMORY = "prefer"; // where this browser keeps its random number
let token = read();
let coming = null; // the next pair, on its way while the names are read
let pair = null; // the one on the stand
let since = 0; // when it could first be seen, by performance.now

class Refusal extends Error {
  constructor({ refused, sentence }) {
    super(sentence);
    this.reason = refused;
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Ask the server until it answers.
async function ask(name, values = {}) {
  for (let seconds = 0.5; ; seconds = Math.min(2 * seconds, 4)) {
    const said = await server.ask({ ask: name, ...values }).catch(() => undefined);
    if (said?.refused) throw new Refusal(said);
    if (said && "reply" in said) return said.reply;
    prompt.textContent =
      said?.wait ?? "The board cannot be reached. Nothing is lost; trying again …";
    await pause(1000 * seconds);
  }
}

// With this browser's number: one that the board does not know any more is replaced.
async function asVoter(name, values = {}) {
  if (!token) keep(await ask("begin"));
  try {
    return await ask(name, { token, ...values });
  } catch (refusal) {
    if (refusal.reason !== "token") throw refusal;
    keep(await ask("begin"));
    return ask(name, { token, ...values });
  }
}

function read() {
  try {
    return localStorage.getItem(MEMORY);
  } catch {
    return null; // a browser that keeps nothing: the number lives as long as the page
  }
}

function keep(value) {
  token = value;
  try {
    localStorage.setItem(MEMORY, value);
  } catch {
    /* no */
  }
}

// A pair with its pictures decoded, so that both can be painted at once.
async function fetchPair() {
  const next = await asVoter("next");
  if (next.done) return next;
  next.images = await decode(next.images, "image/jpeg");
  return next;
}

// Ask for the next pair now; whatever goes wrong with it is told when it is wanted.
function send() {
  coming = fetchPair();
  coming.catch(() => undefined);
}

async function show() {
  stand.dataset.phase = "wait";
  pair = await coming;
  if (pair.done) return finish();
  pictures.forEach((button, i) => {
    pair.images[i].alt = `${pair.words}, version ${"AB"[i]}`;
    hang(pair.images[i], button);
    captions[i].textContent = "AB"[i];
    captions[i].className = "";
  });
  owning(pair.own);
  prompt.textContent = QUESTION;
  stand.dataset.phase = "look";
  const shown = pair;
  const start = await new Promise(requestAnimationFrame);
  await pause(SETTLE_MS);
  if (pair !== shown) return; // another has come meanwhile
  since = start;
  stand.dataset.phase = "ask";
  enable(true);
}

function finish() {
  pictures.forEach((button) => button.replaceChildren());
  stand.dataset.phase = "done";
  prompt.textContent = "You have seen every pair. Thank you! A photo of yours brings new ones.";
}

function enable(on) {
  [...pictures, ...answers].forEach((button) => (button.disabled = !on));
}

async function vote(answer, at) {
  if (stand.dataset.phase !== "ask") return;
  enable(false);
  stand.dataset.phase = "wait";
  const said = { nonce: pair.nonce, answer, response_ms: Math.max(0, at - since) };
  const { names } = await asVoter("vote", said);
  send();
  reveal(names, answer);
}

// Which model was which; reading it, the next pair is on its way.
function reveal(names, answer) {
  captions.forEach((caption, i) => {
    const chosen = answer === ["first", "second"][i];
    caption.textContent = chosen ? `${names[i]} ✓` : names[i];
    caption.className = chosen ? "chosen" : "";
  });
  const [chosen, other] = answer === "second" ? [names[1], names[0]] : names;
  const unseen = document.createElement("span"); // the captions show it to whoever sees
  unseen.className = "unseen";
  unseen.textContent = answer === "tie" ? ` ${names.join(" and ")}.` : ` Not ${other}.`;
  prompt.textContent = answer === "tie" ? "Undecided." : `You prefer ${chosen}.`;
  prompt.append(unseen);
  stand.dataset.phase = "names";
  onward.focus({ preventScroll: true });
}

// From the names to the next pair.
async function proceed() {
  if (stand.dataset.phase !== "names") return;
  const focused = document.activeElement === onward;
  await told(show());
  if (focused) stand.focus({ preventScroll: true });
}

// Whatever is refused, in a sentence; a pair that is gone is replaced.
async function told(work) {
  try {
    await work;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    prompt.textContent = refusal.message;
    stand.dataset.phase = "stop";
    if (refusal.reason === "stale" || refusal.reason === "early") {
      send();
      await pause(1500); // to be read
      await told(show());
    }
  }
}

function isBusy() {
  return document.activeElement?.closest("input, textarea, select, [contenteditable]");
}

// Keys are votes while the pictures are in view, so that nobody votes who only scrolls.
function inView() {
  const { top, bottom } = stand.querySelector(".pictures").getBoundingClientRect();
  return bottom > 0.3 * innerHeight && top < 0.7 * innerHeight;
}

const ear = (event) => {
  if (!element.isConnected) return document.removeEventListener("keydown", ear);
  const answer = KEYS[event.key];
  const held = event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
  if (!answer || held || isBusy() || !inView()) return;
  event.preventDefault();
  told(vote(answer, event.timeStamp));
};
document.addEventListener("keydown", ear);
[...pictures, ...answers].forEach((button) => {
  button.addEventListener("click", (event) => told(vote(button.value, event.timeStamp)));
});
onward.addEventListener("click", proceed);

// A photo of the visitor's own: made small here, so that nothing larger ever leaves the browser.
async function shrunk(blob) {
  const image = await createImageBitmap(blob, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // what is transparent is white, as everywhere here
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.92).split(",")[1];
}

function ownTold(text) {
  own.querySelector(".told").textContent = text;
}

function owning(mine) {
  away.hidden = !mine;
  if (mine) ownTold("The pairs are of your photo, and nobody else sees it.");
  else if (file.value) ownTold("Your photo is put away.");
  if (!mine) file.value = "";
}

async function bring() {
  const [photo] = file.files;
  if (!photo || !consent.checked) return;
  ownTold("Colouring it …");
  const image = await shrunk(photo).catch(() => null);
  if (!image) return ownTold("This browser cannot read that file; save it as JPEG or PNG.");
  try {
    await asVoter("bring", { consent: consent.checked, image });
  } catch (refusal) {
    return ownTold(refusal.message);
  }
  await restart();
}

async function restart() {
  enable(false);
  send();
  stand.focus(); // where the keys are votes again
  await told(show());
}

consent.addEventListener("change", () => (file.disabled = !consent.checked));
file.addEventListener("change", bring);
away.addEventListener("click", async () => {
  await asVoter("put_away");
  await restart();
});

send();
told(show());
