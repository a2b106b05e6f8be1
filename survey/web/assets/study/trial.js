// One trial in the browser: decode, paint, measure, cover, wait for one answer.
// The clock is performance.now's throughout: frames, keys and touches are stamped by it.
// Given: `element`, the page's component; images.js comes before. questions.js and screens.js use what is here.

const stage = element.querySelector(".trial");
let figures = []; // one a picture; these three are made by `furnish`
let buttons = []; // one an answer
let keys = []; // likewise
let inTurn = false; // the images stand in one place, one after the other

const frame = () => new Promise(requestAnimationFrame); // gives the time at which it began
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The frames and buttons that the study's question type asks for, the answers in this order: keys
// have their places, but what they mean may be another thing for another person.
function furnish({ answers, words, in_turn }, order = answers.map(({ name }) => name)) {
  const photos = stage.querySelector(".photos");
  figures = words.pictures.map(() => photos.firstElementChild.cloneNode(true));
  photos.replaceChildren(...figures);
  inTurn = in_turn > 1;
  photos.classList.toggle("turns", inTurn);
  keys = answers.map((answer) => answer.key);
  buttons = answers.map(({ sign }, i) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", disabled: true });
    const key = made("kbd", sign);
    key.setAttribute("aria-hidden", "true");
    const parts = [key, made("span", words.answers[order[i]])];
    const last = i > 0 && i === answers.length - 1; // the outer keys are on the outside
    button.append(...(last ? parts.reverse() : parts));
    return button;
  });
  stage.querySelector(".answers").replaceChildren(...buttons);
}

function made(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

// Milliseconds of a frame on this screen: the median of some; null if it is none. While the page is
// hidden there are no frames, and this waits.
async function measureFrame() {
  const gaps = [];
  for (let last = await frame(); gaps.length < 15;) {
    const now = await frame();
    gaps.push(now - last);
    last = now;
  }
  const median = gaps.sort((a, b) => a - b)[7];
  return median >= 1 && median <= 1000 ? median : null;
}

// What happens to the page while a trial is on. A hidden page gets no frames, so a timed exposure
// ends there and then.
const witness = { blurs: 0, hidden: 0, timed: false, coveredAt: null };
window.addEventListener("blur", () => witness.blurs++);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return;
  witness.hidden++;
  if (!witness.timed || stage.dataset.phase !== "look") return;
  witness.coveredAt = performance.now();
  stage.dataset.phase = "mask";
});

// Their size is the study's to say: CSS pixels, their own pixels on this screen, or as it fits.
function sideOf(display, image) {
  if (display === "fit") return null;
  return display === "natural" ? image.naturalWidth / devicePixelRatio : Number(display);
}

// The window that images of this side need, beside each other or in turn, with all around them.
function roomFor(side, { pictures, in_turn }) {
  const beside = in_turn > 1 ? 1 : pictures;
  const around = innerHeight > 480 ? 272 : 176; // as trial.css has it
  const edges = 2 * Math.max(16, 0.03 * innerWidth);
  return {
    width: Math.ceil(beside * side + (beside - 1) * 48 + edges),
    height: Math.ceil(side + around),
  };
}

function isRoom(side, layout) {
  const { width, height } = roomFor(side, layout);
  return side === null || (innerWidth >= width && innerHeight >= height);
}

function place(images, names, side) {
  stage.classList.toggle("fixed", side !== null);
  stage.style.setProperty("--side", `${side}px`);
  figures.forEach((figure, i) => {
    figure.querySelector("figcaption").textContent = "";
    images[i].alt = names[i];
    hang(images[i], figure.querySelector(".picture"));
    scramble(figure.querySelector("canvas"));
  });
}

// The cover: blocks of random colours, so that no after-image of the photo can be judged.
function scramble(canvas) {
  const pen = canvas.getContext("2d");
  const noise = pen.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < noise.data.length; i++) {
    noise.data[i] = i % 4 === 3 ? 255 : 64 + 128 * Math.random();
  }
  pen.putImageData(noise, 0, 0);
}

// Show in one frame, cover in the frame nearest to the end. Without an end: see who answers.
async function expose(ms, half) {
  await frame();
  const start = await frame();
  Object.assign(witness, { timed: ms !== null, coveredAt: null });
  stage.dataset.phase = "look";
  let now = start;
  let dropped = 0;
  while (witness.timed && witness.coveredAt === null && now - start < ms - half) {
    const next = await frame();
    dropped += Math.max(0, Math.round((next - now) / (2 * half)) - 1);
    now = next;
  }
  if (witness.timed) stage.dataset.phase = "mask";
  return { start, end: now, dropped, seen: (witness.coveredAt ?? now) - start };
}

// Leave the cover on, in frames of its own; how long it was there, or null after an early answer.
async function cover(from, ms, half) {
  let now = from;
  while (stage.dataset.phase === "mask" && now - from < ms - half) now = await frame();
  return stage.dataset.phase === "mask" ? now - from : null;
}

// All images of a trial: at once, or each for the whole exposure and covered before the next.
async function exposeAll(ms, mask, half) {
  Object.assign(witness, { blurs: 0, hidden: 0 });
  if (!inTurn) return expose(ms, half);
  const looks = [];
  for (const figure of figures) {
    if (looks.length) await cover(looks.at(-1).end, mask, half);
    figures.forEach((other) => other.classList.toggle("now", other === figure));
    looks.push(await expose(ms, half));
  }
  const worst = looks.reduce((a, b) => (Math.abs(b.seen - ms) > Math.abs(a.seen - ms) ? b : a));
  const dropped = looks.reduce((sum, look) => sum + look.dropped, 0);
  return { ...looks.at(-1), seen: worst.seen, dropped };
}

// The first key, touch or click at or after `since`; everything later is ignored.
function firstAnswer(since) {
  return new Promise((resolve) => {
    const ear = new AbortController();
    const heard = (choice, at, by) => {
      if (at < since || ear.signal.aborted) return;
      ear.abort();
      buttons.forEach((button) => (button.disabled = true));
      resolve({ choice, at, by });
    };
    const options = { signal: ear.signal };
    document.addEventListener(
      "keydown",
      (event) => {
        const choice = keys.indexOf(event.key);
        if (choice < 0 || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
        event.preventDefault();
        heard(choice, event.timeStamp, "key");
      },
      options,
    );
    buttons.forEach((button, choice) => {
      let pressed = null; // a finger decides when it comes down; the click follows when it goes up
      button.disabled = false;
      button.addEventListener("pointerdown", (event) => (pressed = event), options);
      button.addEventListener(
        "click",
        (event) => {
          const hand = event.detail ? pressed : null; // detail 0: by keyboard
          heard(choice, (hand ?? event).timeStamp, hand ? hand.pointerType || null : "key");
        },
        options,
      );
    });
  });
}

// A trial from its first frame to its answer: which choice, and the times that go with it.
async function run(trial, frameMs) {
  const half = (frameMs ?? 1000 / 60) / 2;
  const { start, end, dropped, seen } = await exposeAll(trial.exposure_ms, trial.mask_ms, half);
  const answer = firstAnswer(end);
  let covered = null;
  if (witness.timed) cover(end, trial.mask_ms, half).then((ms) => (covered = uncover(ms)));
  const shown = stage.querySelector("img").getBoundingClientRect().width;
  const { choice, at, by } = await answer;
  stage.dataset.phase = "blank";
  return {
    answer: trial.answers[choice],
    timing: {
      response_ms: at - end,
      exposure_ms: witness.timed ? seen : at - start,
      dropped_frames: dropped,
      blurs: witness.blurs,
      hidden: witness.hidden,
      refresh_hz: frameMs && 1000 / frameMs,
      cover_ms: covered,
      shown_width: shown,
      modality: by,
      ...surroundings(),
    },
  };
}

function uncover(ms) {
  if (stage.dataset.phase === "mask") stage.dataset.phase = "ask";
  return ms;
}

// On what a trial is seen.
function surroundings() {
  const gamuts = ["rec2020", "p3", "srgb"];
  return {
    screen_width: Math.max(1, Math.round(screen.width)),
    screen_height: Math.max(1, Math.round(screen.height)),
    window_width: Math.max(1, Math.round(innerWidth)),
    window_height: Math.max(1, Math.round(innerHeight)),
    pixel_ratio: devicePixelRatio,
    gamut: gamuts.find((name) => matchMedia(`(color-gamut: ${name})`).matches) ?? null,
    browser: browserName(navigator.userAgent),
  };
}

// As 'Firefox 128'; the first that fits, since each names those that it wants to be taken for.
function browserName(said) {
  const names = ["Edg", "OPR", "SamsungBrowser", "FxiOS", "Firefox", "CriOS", "Chrome", "Version"];
  const called = {
    Edg: "Edge",
    OPR: "Opera",
    FxiOS: "Firefox iOS",
    CriOS: "Chrome iOS",
    Version: "Safari",
  };
  for (const name of names) {
    const version = said.match(new RegExp(`${name}\\/(\\d+)`))?.[1];
    if (version) return `${called[name] ?? name} ${version}`;
  }
  return null;
}
