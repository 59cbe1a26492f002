/* page.js: the page around the sheets: what a cell says, the text, controls, and tables. */

/* ---- what a cell says ---- */

/* Of the token that follows, and of the targets. */
function tokensTold(map, row, column) {
    const parts = lens.targets.map((id, i) => [token(id), ` has ${SHADES[`target-${i}`].told(map, row, column)}`]);
    if (lens.next[column] !== null) {
        parts.unshift([token(lens.next[column]), `, which follows in the text, has ${SHADES.next.told(map, row, column)}`]);
    }
    return parts.length === 0 ? [] : [element("p", { class: "tokens" }, ...parts.flatMap((part, i) => (i === 0 ? part : ["; ", ...part])))];
}

function pick(name, row, column, pin) {
    const map = lens.maps[name], answer = lens.answers[column], position = lens.positions[column], next = lens.next[column];
    Object.assign(view, { map: name, row, column, pinned: pin ?? view.pinned });
    document.querySelectorAll(".jump:not(:focus)").forEach((input) => { input.value = position; });
    sheets.forEach(mark);
    document.querySelectorAll(".text .here").forEach((old) => old.classList.remove("here"));
    document.querySelector(`.text [data-column="${column}"]`)?.classList.add("here");
    document.querySelector(".said").replaceChildren(element("div", {},
        element("h2", {}, `${plain(name)}, ${place(row)}, position ${position} `, token(lens.ids[position])),
        element("p", {}, "The model's answer ", token(answer), ` has rank ${map.rank[row][column]} here and is settled from layer ${map.settled[column]}; entropy `
            + `${number(map.entropy[row][column])} nats, KL ${number(map.kl[row][column])} nats${reading(name, row) ? `; ${reading(name, row)}` : ""}`), ...tokensTold(map, row, column)),
        element("ol", map.guesses[row][column].length > 10 ? { class: "many", tabindex: 0 } : {}, ...map.guesses[row][column].map((id, i) => {
            const p = map.p[row][column][i];
            const line = element("li", { class: id === answer ? "answer" : "" },
                element("span", {}, token(id), ...(id === next ? [element("small", { title: "what the text has there" }, " next")] : [])), element("data", { value: p }, percent(p)));
            line.style.setProperty("--share", `${100 * p}%`);
            return line;
        })));
}

/* ---- the text, a way to every position ---- */

/* Tokens of an encoder's WordPiece have no spaces: one goes before each that begins a word. */
function piece(id, position) {
    const bare = !lens.model.causal && !lens.ids.some((other) => lens.tokens[other].includes(" ")), text = lens.tokens[id];
    return !bare || position === 0 ? text : text.startsWith("##") ? text.slice(2) : ` ${text}`;
}

function drawText() {
    const at = new Map(lens.positions.map((position, column) => [position, column]));
    const text = element("p", { class: "text", "aria-label": "the text; choose a token to go there" }, ...lens.ids.map((id, position) =>
        element("bdi", at.has(position) ? { "data-column": at.get(position), title: `position ${position}` } : {}, piece(id, position))));
    text.addEventListener("click", (event) => {
        const column = event.target.closest("[data-column]")?.dataset.column;
        if (column !== undefined) {
            go(view.row, Number(column));
        }
    });
    return text;
}

/* ---- the numbers as tables, made when they are opened, one after another ---- */

const TOGETHER = 100; /* columns of a table */
let waiting = [], timer = 0;

function numbersOf(name, from) {
    const map = lens.maps[name], shown = [...lens.positions.keys()].slice(from, from + TOGETHER), shade = SHADES[view.shade];
    const head = shown.map((column) => element("th", { scope: "col" }, `${lens.positions[column]} `, token(lens.ids[lens.positions[column]])));
    const lines = [...Array(rows).keys()].reverse().map((row) => element("tr", {}, element("th", { scope: "row" }, taps[row]),
        ...shown.map((column) => element("td", {}, token(map.guesses[row][column][0]), ` ${shade.told(map, row, column)}`))));
    const title = `${plain(name)}: first guess and ${shade.title}, by layer and position`;
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

/* ---- controls ---- */

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

function jump() {
    const [first, end] = [lens.positions[0], lens.positions.at(-1)];
    const input = element("input", { type: "number", min: first, max: end, value: first, class: "jump" });
    input.addEventListener("change", () => {
        const column = lens.positions.findIndex((position) => position >= Number(input.value));
        go(view.row, column < 0 ? columns - 1 : column);
    });
    return element("label", {}, "Go to position ", input);
}

function drawScale() {
    const bar = element("span", { class: "bar" }), [low, high] = SHADES[view.shade].ends;
    bar.style.background = `linear-gradient(to right, ${ramp().map((c) => `rgb(${c.join(",")})`).join(", ")})`;
    document.querySelector(".scale").replaceChildren(low, bar, high);
}

/* Everything that has a shade anew. */
function setShade(shade) {
    view.shade = shade;
    drawScale();
    for (const sheet of sheets) {
        for (const [column, parts] of sheet.made) {
            parts.querySelectorAll(".cell").forEach((cell) => paint(cell, lens.maps[sheet.name], Number(cell.dataset.row), column));
        }
        drawStrip(sheet);
    }
    drawNumbers();
}

function setShown(at) {
    view.shown = at === "all" ? names : [names[Number(at)]];
    drawMaps();
    pick(view.shown.includes(view.map) ? view.map : view.shown[0], view.row, view.column);
    drawNumbers();
}

/* ---- the page ---- */

function finding() {
    const row = Math.floor(last / 2), known = (name) => lens.maps[name].settled.filter((at) => at <= row).length;
    const parts = names.map((name, i) => `at ${known(name)}${i === 0 ? ` of ${count(columns, "position")}` : ""} through ${PLAIN[name] ? "the " : ""}${plain(name)}`);
    return `By layer ${row} of ${last} the model's answer is settled ${parts.length < 2 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}.`;
}

/* What is seldom needed. */
function help() {
    const inner = rows > last + 1 ? " Rows such as 6.mlp are points inside a block; beside them stands the map that reads them, id where they are read as they are." : "";
    return element("details", {}, element("summary", {}, "How to read this page"),
        element("p", {}, "A state after a layer is read out as if the model ended there: as it is (id, the logit lens), or through a map that was fitted to the last layer. "
            + "The answer is the model's own first guess, right or wrong; it is settled at the layer from which on it stays first. Rank counts from 1. "
            + `Entropy says how undecided a layer is, KL how far its guesses are from the model's own, both in nats. `
            + `${anyNext ? "The token that follows in the text may be another than the answer: its rank and loss (-ln of its probability) say how well a layer predicts the text. " : ""}${inner}`),
        element("p", {}, "Point at a cell to see all its guesses, click to keep it. Arrow keys, Home, End, Page Up and Page Down move; Escape lets go. "
            + "The strip above a map shows all positions at once: click or drag there, or click a token of the text."));
}

function draw() {
    const maps = [["all", "side by side"], ...names.map((name, i) => [String(i), name])];
    const all = element("details", { class: "all" }, element("summary", {}, "The numbers as a table"));
    const text = lens.ids.map(piece).join("");
    document.title = `What each layer of ${lens.model.name} guesses: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
    all.addEventListener("toggle", drawNumbers);
    document.querySelector("main").append(
        element("h1", {}, `What each layer of ${lens.model.name} guesses`),
        drawText(),
        element("p", {}, finding()),
        element("p", { class: "soft" }, `A cell is the first guess of ${lens.model.causal ? "the next token" : "the masked token"} after a layer (${lens.model.architecture}, ${count(last, "block")}); `,
            element("span", { class: "key answer" }, "bold ●"), " the model's own answer, ",
            element("span", { class: "key settled" }, "framed"), " from where on it stays first, · a space."),
        element("div", { class: "controls" },
            choice("Shade by", "shade", Object.entries(SHADES).map(([value, { label }]) => [value, label]), "p", setShade),
            ...(names.length > 1 ? [choice("Map", "map", maps, beside ? "all" : "0", setShown)] : []),
            ...(columns > 1 ? [jump()] : []),
            element("div", { class: "scale" })),
        element("div", { class: "maps" }),
        element("div", { class: "said", role: "status" }),
        help(), all);
    drawScale();
    drawMaps();
    pick(view.map, view.row, 0);
    addEventListener("resize", measure);
    addEventListener("keydown", (event) => {
        view.pinned = view.pinned && event.key !== "Escape";
    });
    scheme.addEventListener("change", () => setShade(view.shade));
}

draw();
document.body.dataset.ready = "true";
