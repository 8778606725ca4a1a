// A click on a view shows it at full size; from there it can be kept or chosen to be replaced.
let shown = document.getElementById("era-full");
if (!shown) {
  shown = document.createElement("dialog");
  shown.id = "era-full";
  shown.innerHTML = '<img alt=""><footer><b></b><a download>Keep (PNG)</a>' +
    '<button type="button" data-do="replace">Replace…</button>' +
    '<button type="button" data-do="close" autofocus>Close</button></footer>';
  document.body.append(shown);
}
const all = () => [...element.querySelectorAll("[data-view]")];
let view = null;
function show(cell) {
  view = cell.dataset.view;
  const picture = shown.querySelector("img"), link = shown.querySelector("a");
  picture.src = link.href = cell.querySelector("img").src;
  picture.alt = shown.querySelector("b").textContent = cell.dataset.label;
  link.download = view + ".png";
  if (!shown.open) shown.showModal();
}
element.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-view]");
  if (cell) show(cell);
});
shown.onclick = (event) => {
  const what = event.target.dataset.do;
  if (what === "replace") trigger("select", { view });
  if (what || event.target === shown) shown.close();
};
shown.onkeydown = (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const cells = all(), at = cells.findIndex((cell) => cell.dataset.view === view);
  if (step && cells.length) show(cells[(at + step + cells.length) % cells.length]);
};
