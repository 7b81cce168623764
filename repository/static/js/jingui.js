/* The first module of each page: small comforts, and the rest only where a page asks for it.
   Each page works without any of this. Texts come from data- attributes, so they are translated. */

document.documentElement.classList.add("has-js");

for (const element of document.querySelectorAll("[data-without-js]")) element.hidden = true;

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

document.querySelector("[data-focus]")?.focus();

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

function makeClosable(note) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.setAttribute("aria-label", document.body.dataset.sayClose);
  button.addEventListener("click", () => note.remove());
  note.append(button);
}

for (const note of document.querySelectorAll("[data-closable]")) makeClosable(note);

if (document.querySelector("[data-upload]")) import("./upload.js");
if (document.querySelector("[data-autosave-url]")) import("./autosave.js");
import("./confirm.js");
