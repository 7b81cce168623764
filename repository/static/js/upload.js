/* Hands in files one by one: drop zone, a row with progress for each, cancel, retry, plain words.
   One file is one request; the server keeps the whole file or nothing. See templates/macros/upload.html. */

import { UploadRow } from "./upload_row.js";

class Upload {
  constructor(form) {
    this.form = form;
    this.words = form.dataset;
    this.input = form.querySelector('input[type="file"]');
    this.zone = form.querySelector("[data-upload-zone]");
    this.list = form.querySelector("[data-upload-list]");
    this.total = form.querySelector("[data-upload-total]");
    this.submit = form.querySelector('button[type="submit"]');
    this.rows = [];
    this.busy = false;
    this.next = this.words.nextUrl;
    form.classList.add("is-enhanced");
    this.submit.hidden = true;
    this.input.required = false;
    this.listen();
  }

  listen() {
    this.input.addEventListener("change", () => {
      this.add([...this.input.files].map((file) => ({ file, folder: false })));
      this.input.value = "";
    });
    for (const name of ["dragenter", "dragover"]) this.zone.addEventListener(name, (event) => this.over(event, true));
    for (const name of ["dragleave", "drop"]) this.zone.addEventListener(name, (event) => this.over(event, false));
    this.zone.addEventListener("drop", (event) => this.dropped(event));
    this.form.addEventListener("submit", (event) => this.go(event));
    window.addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
  }

  over(event, inside) {
    event.preventDefault();
    this.zone.classList.toggle("is-over", inside);
  }

  dropped(event) {
    const found = [];
    for (const item of event.dataTransfer.items) {
      const file = item.kind === "file" ? item.getAsFile() : null;
      if (file) found.push({ file, folder: item.webkitGetAsEntry?.()?.isDirectory === true });
    }
    this.add(found);
  }

  add(found) {
    for (const { file, folder } of found) {
      const row = new UploadRow(this, file);
      this.rows.push(row);
      this.list.append(row.element);
      row.admit(folder);
    }
    this.work();
  }

  forget(row) {
    this.rows = this.rows.filter((other) => other !== row);
    row.element.remove();
    this.tell();
  }

  remember(told) {
    if (told.next) this.next = told.next;
  }

  async work() {
    this.tell();
    if (this.busy) return;
    this.busy = true;
    let row;
    while ((row = this.rows.find((other) => other.state === "waiting"))) {
      await row.send();
      this.tell();
    }
    this.busy = false;
    this.tell();
  }

  tell() {
    const count = (state) => this.rows.filter((row) => row.state === state).length;
    const done = count("done");
    this.total.textContent = this.rows.length === 0 ? "" : this.words.sayTotal
      .replace("{all}", this.rows.length).replace("{done}", done).replace("{failed}", count("failed"));
    this.submit.textContent = this.words.sayNext;
    this.submit.hidden = this.busy || done === 0 || !this.next;
  }

  go(event) {
    event.preventDefault();
    if (!this.busy && this.next) window.location.assign(this.next);
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new Upload(form);
