// Menus close when something of theirs is chosen, at Escape, and when the reader turns to the page.
const menus = [...document.querySelectorAll(".menu")];

document.addEventListener("click", (event) => {
  for (const menu of menus) {
    if (!menu.contains(event.target) || event.target.closest("a")) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  const open = menus.find((menu) => menu.open);
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// On paper nothing can be opened, so all is; and afterwards as it was.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("main details:not([open])")];
  for (const details of closed) details.open = true;
});
window.addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
