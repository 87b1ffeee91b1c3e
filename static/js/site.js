// What a script adds to every page. Each page works without it.

const sent = new Set();

// A second click on a button does not send its form a second time.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
  if (sent.has(form)) event.preventDefault();
  sent.add(form);
  // The answer may be a file, which leaves the page as it is.
  setTimeout(() => sent.delete(form), 3000);
});
addEventListener("pageshow", () => sent.clear());

// Escape closes the menu that is open and goes back to what opened it.
document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.dropdown[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A page that nobody looks at does not ask how far a job is; it asks again once somebody does.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (document.hidden && event.target.hasAttribute("data-poll")) event.preventDefault();
});
