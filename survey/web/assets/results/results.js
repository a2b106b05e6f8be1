// The Results page: the report when it may be seen, and the operator's side behind a secret.
// Given: `element`, the page's component, and `server`, its functions; paper.js comes before.

const part = (name) => element.querySelector(`[data-part="${name}"]`);
let secret = "";

function write(name, text) {
  element.querySelector(`[data-text="${name}"]`).textContent = text;
}

// The answer, or undefined after a refusal, which is shown.
async function ask(name, tried) {
  const said = await server.ask({ ask: name, secret: tried }).catch(() => undefined);
  if (said?.reply) return said.reply;
  const lost = "The study cannot be reached. Load this page again in a moment.";
  write(tried ? "refusal" : "note", said?.sentence ?? said?.wait ?? lost);
  if (said?.wait) setTimeout(() => look(tried), 2000);
}

async function look(tried) {
  const reply = await ask("results", tried);
  if (!reply) return;
  secret = tried;
  write("note", reply.note);
  write("refusal", "");
  part("door").hidden = reply.operator;
  part("state").hidden = !reply.operator;
  write("alarm", reply.alarm);
  part("facts").replaceChildren(
    ...reply.facts.flatMap(([name, value]) => [made("dt", name), made("dd", value)]),
  );
  if (reply.report) paper.srcdoc = reply.report;
}

function made(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

// The report has this page's type.
onPaper((page) => {
  page.body.style.fontFamily = getComputedStyle(element.querySelector("h1")).fontFamily;
});

part("door")
  .querySelector("form")
  .addEventListener("submit", (event) => {
    event.preventDefault();
    look(element.querySelector("input").value);
  });

part("state")
  .querySelector("button")
  .addEventListener("click", async () => {
    const reply = await ask("export", secret);
    if (!reply) return;
    const anchor = made("a", "");
    anchor.download = reply.name;
    anchor.href = `data:application/zip;base64,${reply.content}`;
    anchor.click();
  });

look("");
