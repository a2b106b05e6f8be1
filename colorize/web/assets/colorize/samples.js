// A row of sample photos. value: [{words, picture}]; says which one was chosen.
// Given: `element`, this widget's; `trigger`, which sends its events.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-place]");
  if (button) trigger("choose", { place: Number(button.dataset.place) });
});
