/* page.js: draws the lens in the page's JSON block. Only columns near the visible part of a
 * map are elements, so that a long text costs no more than a short one. Tokens and names
 * reach the page as text nodes, never as markup. */
"use strict";

window.addEventListener("error", (event) => {
    const note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    note.textContent = `This page could not be drawn: ${event.message}`;
    document.body.prepend(note);
});

/* Maps are keyed by names of methods, which may be "__proto__": they have no prototype. */
const plainObject = (key, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value);
const lens = JSON.parse(document.getElementById("lens").textContent, plainObject);
const names = Object.keys(lens.maps);
const columns = lens.positions.length;
const last = lens.model.layers;
const { taps } = lens; /* a row each */
const rows = taps.length;
const beside = names.length > 1 && innerWidth >= 700; /* else one map fills the width */
const view = { shade: "p", shown: beside ? names : [names[0]], map: names[0], row: rows - 1, column: 0 };

/* ---- words and elements ---- */

function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
}

/* A token, its spaces made visible. */
function word(id) {
    return (lens.tokens[id] ?? `<${id}>`).replaceAll(" ", "·");
}

function token(id) {
    return element("bdi", {}, word(id));
}

function number(x) {
    return x !== 0 && Math.abs(x) < 0.001 ? x.toExponential(1) : x.toFixed(3);
}

function percent(p) {
    return p > 0 && p < 0.001 ? `${(100 * p).toExponential(0)}%` : `${(100 * p).toFixed(1)}%`;
}

/* ---- shades: one hue each, darker for more; black or white on them, whichever is clearer ---- */

const RAMPS = {
    p: [[255, 255, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]],
    kl: [[255, 255, 255], [253, 218, 172], [253, 153, 70], [200, 78, 8], [96, 36, 3]],
};
const klTop = (() => {
    const all = names.flatMap((name) => lens.maps[name].kl.flat()).sort((a, b) => a - b);
    return Math.max(1, Math.ceil(all[Math.floor(0.95 * (all.length - 1))]));
})();

function mix(ramp, x) {
    const at = Math.min(Math.max(x, 0), 1) * (ramp.length - 1);
    const low = Math.min(Math.floor(at), ramp.length - 2);
    return ramp[low].map((c, i) => Math.round(c + (ramp[low + 1][i] - c) * (at - low)));
}

function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function paint(cell, map, row, column) {
    const x = view.shade === "p" ? map.p[row][column][0] : map.kl[row][column] / klTop;
    const rgb = mix(RAMPS[view.shade], x);
    cell.style.background = `rgb(${rgb.join(",")})`;
    cell.style.color = luminance(rgb) > 0.179 ? "#000" : "#fff"; /* 4.58 to 1 or more */
}

/* ---- a map: a sheet whose columns come and go as it scrolls ---- */

let sheets = [];

function makeCell(name, row, column) {
    const map = lens.maps[name], first = map.guesses[row][column][0];
    const cell = element("button", {
        type: "button", tabindex: -1, class: "cell", "data-row": row,
        "aria-label": `${name}, layer ${taps[row]}, position ${lens.positions[column]}: ${word(first)}, ${percent(map.p[row][column][0])}`,
    }, token(first));
    cell.classList.toggle("answer", first === lens.answers[column]);
    cell.classList.toggle("settled", taps[row] === String(map.settled[column]));
    paint(cell, map, row, column);
    return cell;
}

function makeColumn(name, column) {
    const position = lens.positions[column];
    const made = element("div", { class: "column", "data-column": column },
        element("div", { class: "head" }, token(lens.ids[position]), element("small", {}, String(position))));
    made.style.setProperty("--c", column);
    for (let row = rows - 1; row >= 0; row--) {
        made.append(makeCell(name, row, column));
    }
    return made;
}

function fill(sheet) {
    const { scroller, body, made, name } = sheet;
    const width = parseFloat(getComputedStyle(body).getPropertyValue("--px"));
    const first = Math.max(0, Math.floor(scroller.scrollLeft / width) - 3);
    const end = Math.min(columns, Math.ceil((scroller.scrollLeft + scroller.clientWidth) / width) + 3);
    for (const [column, old] of made) {
        if (column < first || column >= end) {
            old.remove();
            made.delete(column);
        }
    }
    for (let column = first; column < end; column++) {
        if (!made.has(column)) {
            made.set(column, body.appendChild(makeColumn(name, column)));
        }
    }
    mark(sheet);
}

function mark({ made, name }) {
    for (const [column, parts] of made) {
        for (const cell of parts.querySelectorAll(".cell")) {
            const here = column === view.column && Number(cell.dataset.row) === view.row;
            cell.classList.toggle("picked", here);
            cell.tabIndex = here && name === view.map ? 0 : -1;
        }
    }
}

function makeSheet(name) {
    const labels = element("div", { class: "labels" }, element("div", { class: "corner" }));
    for (let row = rows - 1; row >= 0; row--) {
        labels.append(element("div", {}, taps[row]));
    }
    const body = element("div", { class: rows > last + 1 ? "sheet inner" : "sheet" }, labels);
    const scroller = element("div", { class: "scroller", role: "group", "aria-label": `guesses through ${name}` }, body);
    const sheet = { name, scroller, body, made: new Map() };
    const at = (event) => event.target.closest(".cell");
    const take = (event) => at(event) && pick(name, Number(at(event).dataset.row), Number(at(event).parentNode.dataset.column));
    scroller.addEventListener("mouseover", take);
    scroller.addEventListener("focusin", take);
    scroller.addEventListener("click", take);
    scroller.addEventListener("keydown", (event) => step(sheet, event));
    scroller.addEventListener("scroll", () => {
        fill(sheet);
        for (const other of sheets) { /* maps side by side show the same columns */
            if (other !== sheet && other.scroller.scrollLeft !== scroller.scrollLeft) {
                other.scroller.scrollLeft = scroller.scrollLeft;
            }
            if (other !== sheet && other.scroller.scrollTop !== scroller.scrollTop) {
                other.scroller.scrollTop = scroller.scrollTop;
            }
        }
    });
    return sheet;
}

function drawMaps() {
    const box = document.querySelector(".maps");
    sheets = view.shown.map(makeSheet);
    box.style.setProperty("--n", Math.min(sheets.length, 3));
    box.replaceChildren(...sheets.map(({ name, scroller }) => element("section", {}, element("h2", {}, name), scroller)));
    measure();
}

/* Widths follow the size of the page. */
function measure() {
    for (const sheet of sheets) {
        const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
        const size = (name) => parseFloat(getComputedStyle(sheet.body).getPropertyValue(name)) * rem;
        sheet.body.style.setProperty("--rows", rows);
        sheet.body.style.setProperty("--px", size("--cell"));
        sheet.body.style.width = `${size("--label") + columns * size("--cell")}px`;
        fill(sheet);
    }
}

/* ---- what a cell says ---- */

function pick(name, row, column) {
    const map = lens.maps[name], answer = lens.answers[column], position = lens.positions[column];
    Object.assign(view, { map: name, row, column });
    sheets.forEach(mark);
    document.querySelector(".said").replaceChildren(
        element("h2", {}, `${name}, layer ${taps[row]} of ${last}, position ${position} `, token(lens.ids[position])),
        element("p", {}, "the model's answer ", token(answer), ` has rank ${map.rank[row][column]} here; entropy `
            + `${number(map.entropy[row][column])} nats, KL ${number(map.kl[row][column])} nats; settled from layer ${map.settled[column]}`),
        element("ol", {}, ...map.guesses[row][column].map((id, i) => {
            const p = map.p[row][column][i];
            const line = element("li", { class: id === answer ? "answer" : "" }, token(id), element("data", { value: p }, percent(p)));
            line.style.setProperty("--share", `${100 * p}%`);
            return line;
        })));
}

function step(sheet, event) {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [1, 0], ArrowDown: [-1, 0] }[event.key];
    if (!move) {
        return;
    }
    event.preventDefault();
    const row = Math.min(Math.max(view.row + move[0], 0), rows - 1);
    const column = Math.min(Math.max(view.column + move[1], 0), columns - 1);
    const width = parseFloat(getComputedStyle(sheet.body).getPropertyValue("--px"));
    const { scroller } = sheet, room = scroller.clientWidth - 2 * width;
    if (column * width < scroller.scrollLeft || column * width > scroller.scrollLeft + room) {
        scroller.scrollLeft = column * width - room / 2;
        fill(sheet);
    }
    sheet.made.get(column)?.querySelector(`[data-row="${row}"]`).focus();
}

/* ---- the numbers as tables, made when they are opened, one after another ---- */

const TOGETHER = 100; /* columns of a table */
let waiting = [], timer = 0;

function numbersOf(name, from) {
    const map = lens.maps[name], shown = [...lens.positions.keys()].slice(from, from + TOGETHER);
    const value = (row, column) => (view.shade === "p" ? percent(map.p[row][column][0]) : number(map.kl[row][column]));
    const head = shown.map((column) => element("th", { scope: "col" }, `${lens.positions[column]} `, token(lens.ids[lens.positions[column]])));
    const lines = [...Array(rows).keys()].reverse().map((row) => element("tr", {}, element("th", { scope: "row" }, taps[row]),
        ...shown.map((column) => element("td", {}, token(map.guesses[row][column][0]), ` ${value(row, column)}`))));
    const title = `${name}: first guess and ${view.shade === "p" ? "its probability" : "KL, nats"}, by layer and position`;
    return element("div", { class: "numbers", tabindex: 0, role: "region", "aria-label": title },
        element("table", {}, element("caption", {}, title),
            element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "layer"), ...head)), element("tbody", {}, ...lines)));
}

/* The next table; the page answers between two. False when all are there. */
function drawMore() {
    const next = waiting.shift();
    clearTimeout(timer);
    if (next) {
        document.querySelector(".all").append(numbersOf(...next));
        timer = setTimeout(drawMore);
    }
    return next !== undefined;
}

function drawNumbers() {
    const details = document.querySelector(".all");
    details.querySelectorAll(".numbers").forEach((old) => old.remove());
    waiting = [];
    for (const name of details.open ? view.shown : []) {
        for (let from = 0; from < columns; from += TOGETHER) {
            waiting.push([name, from]);
        }
    }
    drawMore();
}

/* ---- the page ---- */

function choice(title, group, options, chosen, change) {
    const made = element("fieldset", {}, element("legend", {}, title));
    for (const [value, label] of options) {
        const input = element("input", { type: "radio", name: group, value });
        input.checked = value === chosen;
        input.addEventListener("change", () => change(value));
        made.append(element("label", {}, input, ` ${label}`));
    }
    return made;
}

function drawScale() {
    const bar = element("span", { class: "bar" });
    bar.style.background = `linear-gradient(to right, ${RAMPS[view.shade].map((c) => `rgb(${c.join(",")})`).join(", ")})`;
    document.querySelector(".scale").replaceChildren(...(view.shade === "p"
        ? ["0", bar, "1, of the first guess"] : ["0", bar, `${klTop} nats or more, from the model's own distribution`]));
}

function setShade(shade) {
    view.shade = shade;
    drawScale();
    for (const { name, made } of sheets) {
        for (const [column, parts] of made) {
            parts.querySelectorAll(".cell").forEach((cell) => paint(cell, lens.maps[name], Number(cell.dataset.row), column));
        }
    }
    drawNumbers();
}

function setShown(at) {
    view.shown = at === "all" ? names : [names[Number(at)]];
    drawMaps();
    pick(view.shown.includes(view.map) ? view.map : view.shown[0], view.row, view.column);
    drawNumbers();
}

function finding() {
    const row = Math.floor(last / 2);
    const parts = names.map((name) => `${lens.maps[name].settled.filter((at) => at <= row).length} through ${name}`);
    return `At layer ${row} of ${last}, of ${columns.toLocaleString("en")} position${columns === 1 ? "" : "s"} `
        + `the answer is settled for ${parts.length < 2 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}.`;
}

function draw() {
    const shades = [["p", "probability"], ["kl", "KL"]];
    const maps = [["all", "side by side"], ...names.map((name, i) => [String(i), name])];
    const all = element("details", { class: "all" }, element("summary", {}, "The numbers as a table"));
    all.addEventListener("toggle", drawNumbers);
    document.querySelector("main").append(
        element("h1", {}, "What each layer guesses"),
        element("p", {}, finding()),
        element("p", { class: "soft" }, `The first guess of ${lens.model.causal ? "the next token" : "the masked token"} after each layer of ${lens.model.path} `
            + `(${lens.model.architecture}, ${lens.model.layers} blocks), last layer on top. `,
            element("span", { class: "key answer" }, "bold ●"), " is the model's own answer; ",
            element("span", { class: "key settled" }, "framed"), " the layer from which on it stays first. Spaces are shown as ·."
                + (rows > last + 1 ? " Rows as 6.mlp are points inside a block, read as they are." : "")),
        element("div", { class: "controls" },
            choice("Shade by", "shade", shades, "p", setShade),
            ...(names.length > 1 ? [choice("Map", "map", maps, beside ? "all" : "0", setShown)] : []),
            element("div", { class: "scale" })),
        element("div", { class: "maps" }),
        element("div", { class: "said" }),
        all,
        element("details", { class: "whole" }, element("summary", {}, "The text"),
            element("p", {}, element("bdi", {}, lens.ids.map((id) => lens.tokens[id]).join("")))));
    drawScale();
    drawMaps();
    pick(view.map, view.row, 0);
    addEventListener("resize", measure);
}

draw();
document.body.dataset.ready = "true";
