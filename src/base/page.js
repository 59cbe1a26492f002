/* page.js: what every page begins with, before its own scripts: a word where it fails, names
 * of methods, elements. Everything taken from the data reaches a page as text nodes or
 * attribute values, never as markup. */
"use strict";

window.addEventListener("error", (event) => {
    const note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    note.textContent = `This page could not be drawn: ${event.message}`;
    document.body.prepend(note);
});

/* The data of the page, in the element of this id. Objects are keyed by names of methods,
 * which may be "__proto__": they have no prototype. */
function read(id) {
    const plain = (key, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value);
    return JSON.parse(document.getElementById(id).textContent, plain);
}

/* What methods are called on a page. */
const PLAIN = {
    __proto__: null, id: "logit lens", mat: "fitted map", ridge: "fitted map with ridge", narrow: "narrow map",
    "one-jump": "one map for all layers", tuned: "tuned map", jacobian: "Jacobian map",
};

function count(n, noun) {
    return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
}

