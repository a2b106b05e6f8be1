// The open board on the Results page: a page of its own, set into this one.
// Given: `element`, the page's component, and `server`, its functions; paper.js comes before.

const note = element.querySelector("[role=status]");

onPaper(() => {
  note.textContent = "";
  if (location.hash === "#board") element.scrollIntoView();
});

(async () => {
  const said = await server.ask({ ask: "board" }).catch(() => undefined);
  if (said?.reply) paper.srcdoc = said.reply.page;
  else note.textContent = said?.sentence ?? "The board cannot be reached at the moment.";
})();
