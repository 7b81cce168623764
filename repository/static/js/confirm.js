/* Asks once more before a form marked data-confirm is sent: the question, the name of the thing, 取消 / 确定.
   With confirmed=1 the view does it at once; without this module the view answers with a page that asks. */

const agreed = new WeakSet();

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(className, text, onClick) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

function send(form, submitter) {
  const mark = document.createElement("input");
  mark.type = "hidden";
  mark.name = "confirmed";
  mark.value = "1";
  form.append(mark);
  agreed.add(form);
  form.requestSubmit(submitter);
}

function ask(form, submitter) {
  const danger = form.hasAttribute("data-danger");
  const dialog = element("dialog", danger ? "jg-confirm jg-confirm-danger" : "jg-confirm", "");
  const question = element("h2", "", form.dataset.confirm);
  question.id = "confirm-question";
  dialog.setAttribute("aria-labelledby", question.id);
  dialog.append(question);
  if (form.dataset.thing) dialog.append(element("p", "jg-thing", form.dataset.thing));
  const row = element("div", "jg-buttons", "");
  const words = document.body.dataset;
  const yes = submitter?.textContent.trim() || words.sayYes;
  row.append(button("btn btn-secondary", words.sayNo, () => dialog.close()));
  row.append(button(danger ? "btn btn-danger" : "btn btn-primary", yes, () => {
    dialog.close();
    send(form, submitter);
  }));
  dialog.append(row);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-confirm]") || agreed.has(form)) return;
  if (typeof HTMLDialogElement === "undefined") return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(form, event.submitter);
}, true);
