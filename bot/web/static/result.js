// The result page's print button, and what is folded up unfolded on paper.

const button = document.getElementById("print");
const points = document.querySelector(".points");
let open = false;

button.hidden = false;
button.addEventListener("click", () => print());
addEventListener("beforeprint", () => {
  open = points.open;
  points.open = true;
});
addEventListener("afterprint", () => (points.open = open));
