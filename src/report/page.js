/* page.js: draws the report from the results in the page's JSON block.
 *
 * The program has checked the shape of the results. Everything taken from them reaches the
 * page as text nodes or attribute values, never as markup. */
"use strict";

window.addEventListener("error", (event) => {
    const note = document.createElement("p");
    note.className = "error";
    note.setAttribute("role", "alert");
    note.textContent = `This page could not be drawn: ${event.message}`;
    document.body.prepend(note);
});

const results = JSON.parse(document.getElementById("results").textContent);
const { model, data, saved } = results;
const L = model.layers;
const methods = [...Object.keys(results.jump).filter((name) => name !== "id"), "id"];
const fitted = methods.slice(0, -1);
const halfway = Math.floor(L / 2);
for (const p of Object.values(results.jump).flat()) p.surprisal_ci ??= [p.surprisal, p.surprisal];

/* ---- words and elements ---- */

function count(n, noun) {
    return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

function list(words) {
    return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function share(n, total, noun) {
    return n === total && n > 1 ? `all ${count(n, noun)}` : `${n.toLocaleString("en")} of ${count(total, noun)}`;
}

function mean(numbers) {
    return numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/* For sentences; tables show four decimals. */
function short(x) {
    return Math.abs(x) < 1000 ? x.toFixed(3) : x.toExponential(2);
}

function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        made.setAttribute(name, value);
    }
    made.append(...children);
    return made;
}

/* A number to read, with the exact one behind it. */
function exact(x) {
    return element("data", { value: x }, Math.abs(x) < 1000 ? x.toFixed(4) : x.toExponential(4));
}

/* rows: [heading, ...cells]; a cell is a number or null (blank). */
function table(title, head, rows) {
    const cell = (x) => element("td", {}, x === null ? "" : exact(x));
    const made = element("table", {},
        element("caption", {}, title),
        element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
        element("tbody", {}, ...rows.map(([heading, ...cells]) =>
            element("tr", {}, element("th", { scope: "row" }, heading), ...cells.map(cell)))));
    return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, made);
}

function section(title, finding, figure, tables) {
    document.querySelector("main").append(element("section", {},
        element("h2", {}, title),
        element("p", { class: "finding" }, finding),
        figure,
        element("details", {}, element("summary", {}, "The numbers"), ...tables)));
}

/* ---- how a method looks: a colour of page.css and a marker, the same in every chart ---- */

const MARKERS = [
    { style: "circle", path: "M17 6 a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0" },
    { style: "triangle", path: "M20 2 L24 9 L16 9 Z" },
    { style: "rect", path: "M17 3 h6 v6 h-6 Z" },
    { style: "rectRot", path: "M20 2 L24 6 L20 10 L16 6 Z" },
    { style: "crossRot", path: "M17 3 L23 9 M23 3 L17 9" },
];
const N_COLOURS = 6;
const SOLID = [], DASHED = [7, 4], DOTTED = [2, 3];

/* id is always the second colour, so that two reports can be compared. */
function rank(method) {
    const at = methods.indexOf(method);
    return method === "id" ? 1 : at === 0 ? 0 : at + 1;
}

function line(method, label, points, dash) {
    const step = Math.ceil(points.length / 8); /* a marker on each point would hide the dashes */
    return {
        label, data: points, tone: `--series-${rank(method) % N_COLOURS}`, borderDash: dash,
        marker: MARKERS[rank(method) % MARKERS.length], borderWidth: 2,
        pointRadius: ({ dataIndex }) => (dataIndex % step === 0 ? 3.5 : 0), pointHoverRadius: 5, clip: 6,
    };
}

/* The interval around a line: two edges without ink and the area between them. */
function band(method, points) {
    const edge = (side, fill) => ({
        label: "", data: points.map((p) => ({ x: p.layer, y: p.surprisal_ci[side] })), fill,
        tone: `--series-${rank(method) % N_COLOURS}`, isBand: true, borderWidth: 0,
        pointRadius: 0, pointHoverRadius: 0,
    });
    return [edge(0, false), edge(1, "-1")];
}

/* ---- charts ---- */

const charts = [];

function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* Take the colours from page.css anew: the scheme may change, and print is always light. */
function paint(chart) {
    for (const set of chart.data.datasets) {
        set.borderColor = colour(set.tone);
        set.backgroundColor = set.borderColor + (set.isBand ? "33" : "");
        set.pointBackgroundColor = set.pointBorderColor = set.borderColor;
    }
    for (const axis of Object.values(chart.options.scales)) {
        axis.grid.color = axis.grid.borderColor = colour("--rule");
        axis.ticks.color = axis.title.color = colour("--soft");
    }
    Object.assign(chart.options.plugins.tooltip,
        { backgroundColor: colour("--ink"), titleColor: colour("--paper"), bodyColor: colour("--paper") });
    chart.update();
}

function swatch(set) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const add = (attributes) => {
        const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        Object.entries(attributes).forEach(([name, value]) => path.setAttribute(name, value));
        svg.append(path);
    };
    Object.entries({ width: 40, height: 12, "aria-hidden": true })
        .forEach(([name, value]) => svg.setAttribute(name, value));
    svg.style.stroke = svg.style.fill = `var(${set.tone})`;
    add({ d: "M1 6 H39", "stroke-width": 2, "stroke-dasharray": set.borderDash.join(" ") });
    if (set.marker) {
        add({ d: set.marker.path, "stroke-width": 1.5 });
    }
    return svg;
}

/* A button a line shows and hides it, with the band that follows it. */
function legend(chart) {
    const entries = chart.data.datasets.flatMap((set, i, all) => {
        if (set.isBand) {
            return [];
        }
        const button = element("button", { type: "button", "aria-pressed": true }, swatch(set), set.label);
        button.addEventListener("click", () => {
            const show = !chart.isDatasetVisible(i);
            for (let j = i; j === i || all[j]?.isBand; j++) {
                chart.setDatasetVisibility(j, show);
            }
            button.setAttribute("aria-pressed", show);
            chart.update();
        });
        return [element("li", {}, button)];
    });
    return element("ul", { class: "legend" }, ...entries);
}

function axis(title, range) {
    return { type: "linear", title: { display: true, text: title }, grid: {}, ticks: { precision: 0, maxRotation: 0 }, ...range };
}

/* together: the tooltip tells of all lines at one x, else of the nearest point. */
function lineChart(label, sets, x, y, caption, together, tip) {
    const canvas = element("canvas", { role: "img", "aria-label": label });
    const plot = element("div", { class: "plot" }, canvas);
    const figure = element("figure", {}, plot, element("figcaption", {}, caption));
    document.querySelector("main").append(figure); /* Chart.js measures what is in the page */
    for (const set of sets) {
        set.pointStyle = set.marker?.style;
    }
    const chart = new Chart(canvas, {
        type: "line",
        data: { datasets: sets },
        options: {
            animation: false,
            maintainAspectRatio: false,
            scales: { x, y },
            interaction: together ? { mode: "index", intersect: false } : { mode: "nearest", axis: "xy", intersect: false },
            plugins: {
                legend: { display: false },
                tooltip: {
                    filter: (item) => !item.dataset.isBand,
                    callbacks: tip,
                    usePointStyle: true,
                    boxWidth: 8,
                    boxHeight: 8,
                    multiKeyBackground: "transparent",
                },
            },
        },
    });
    figure.prepend(legend(chart));
    paint(chart);
    charts.push(chart);
    return figure;
}

/* ---- heat maps ---- */

const RAMP = [[68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
    [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37]]; /* viridis */

function rampColour(x) {
    const at = Math.min(Math.max(x, 0), 1) * (RAMP.length - 1);
    const low = Math.min(Math.floor(at), RAMP.length - 2);
    const mixed = RAMP[low].map((c, i) => Math.round(c + (RAMP[low + 1][i] - c) * (at - low)));
    return `rgb(${mixed.join(",")})`;
}

/* Which layers get their number beside the map: about a dozen, evenly spaced. */
function tick(layer) {
    const step = [1, 2, 5, 10, 20, 50, 100].find((s) => L / s <= 13) ?? 200;
    return layer % step === 0 ? String(layer) : "";
}

function heatCell(value, from, to) {
    const cell = element("div", { role: "gridcell", "data-from": from, "data-to": to });
    if (value === null) {
        return cell;
    }
    cell.className = "known";
    cell.style.color = rampColour(value);
    cell.setAttribute("aria-label", `from layer ${from} to layer ${to}: R² ${short(value)}`);
    cell.tabIndex = -1;
    return cell;
}

/* Pointer and keyboard both lead to a cell's words beside it; arrow keys go from cell to cell. */
function heatEvents(map, grid) {
    const tip = element("div", { class: "tip", hidden: "" });
    const show = (cell) => {
        tip.hidden = !cell?.classList.contains("known");
        if (tip.hidden) {
            return;
        }
        tip.textContent = cell.getAttribute("aria-label");
        const inside = cell.getBoundingClientRect(), around = map.getBoundingClientRect();
        const left = inside.left - around.left + inside.width / 2 - tip.offsetWidth / 2;
        tip.style.left = `${Math.max(0, Math.min(left, around.width - tip.offsetWidth))}px`;
        tip.style.top = `${inside.top - around.top - tip.offsetHeight - 4}px`;
    };
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    map.append(tip);
    grid.addEventListener("mouseover", (event) => show(event.target));
    grid.addEventListener("mouseleave", () => show(null));
    grid.addEventListener("focusin", (event) => show(event.target));
    grid.addEventListener("focusout", () => show(null));
    grid.addEventListener("click", (event) => event.target.focus());
    grid.addEventListener("keydown", (event) => {
        const move = step[event.key];
        if (!move) {
            return;
        }
        event.preventDefault();
        const from = Number(event.target.dataset.from) + move[0];
        const to = Number(event.target.dataset.to) + move[1];
        grid.querySelector(`[data-from="${from}"][data-to="${to}"].known`)?.focus();
    });
}

function heatMap(method) {
    const layers = [...Array(L + 1).keys()];
    const row = (...cells) => element("div", { role: "row" }, ...cells);
    const label = (text, place, role) => element("div", { class: `tick ${place}`, role }, text);
    const grid = element("div", { class: "heat", role: "grid", "aria-label": `R² of ${method} from layer to layer` },
        row(label("", "top", "presentation"), ...layers.map((to) => label(tick(to), "top", "columnheader"))),
        ...layers.map((from) => row(label(tick(from), "left", "rowheader"),
            ...results.r2[method][from].map((value, to) => heatCell(value, from, to)))));
    grid.style.setProperty("--n", L + 1);
    grid.classList.toggle("dense", L > 30);
    grid.querySelector(".known").tabIndex = 0; /* one stop for the Tab key */
    const map = element("div", { class: "map" }, element("h3", {}, method),
        element("div", { class: "axes" },
            element("div", { class: "to" }, "to layer"), element("div", { class: "from" }, "from layer"), grid));
    heatEvents(map, grid);
    return map;
}

function heatScale() {
    const bar = element("div", { class: "bar" });
    bar.style.background = `linear-gradient(to right, ${RAMP.map((c) => `rgb(${c.join(",")})`).join(", ")})`;
    return element("div", { class: "scale" }, element("span", {}, "R²"), bar,
        element("div", { class: "ends" }, ...["≤ 0", "0.25", "0.5", "0.75", "1"].map((text) => element("span", {}, text))));
}

/* ---- what the sections say ---- */

function savedSentence() {
    const parts = methods.map((m) => saved[m].blocks === null
        ? `${m} does not reach it`
        : `${m} saves ${saved[m].blocks.toFixed(1)} of ${count(L, "block")} (${saved[m].percent.toFixed(1)}%)`);
    return `With early exit at a precision@1 of ${saved.target}, ${list(parts)}.`;
}

function fitSentence(method) {
    const fit = results.fits[method];
    const ridge = fit.ridge > 0 ? `with a ridge of ${fit.ridge}` : "without a ridge";
    return `The maps of ${method} (method ${fit.method}, ${ridge}, ${fit.bias ? "with" : "without"} a bias) were fitted on `
        + `${count(fit.rows, "vector")} from ${count(fit.texts, "text")} of ${list(fit.sources)} (file ${fit.file}).`;
}

function describe() {
    const positions = { all: "all positions of each text", one: "one position of each text" };
    const paragraph = (...parts) => element("p", {}, ...parts);
    document.querySelector("main").append(
        element("p", { class: "headline" }, savedSentence()),
        element("h2", {}, "Model and data"),
        paragraph(`${model.name} is a model of architecture ${model.architecture} with ${count(L, "block")}, width ${model.width}, `
            + `${count(model.heads, "head")}, a context of ${count(model.context, "token")}, a vocabulary of ${count(model.vocab, "token")} `
            + `and ${count(model.parameters, "parameter")}. It is stored as ${model.stored_dtype} in `, element("code", {}, model.path),
            ` and was run in ${model.dtype} by backend ${model.backend}; its fingerprint is `, element("code", {}, model.fingerprint), "."),
        paragraph(`All scores are over ${count(results.n_val, "vector")}: ${positions[data.positions] ?? `positions ${data.positions}`}, `
            + `${count(data.texts, "text")} of ${list(data.sources)}${data.seed === null ? "" : `, seed ${data.seed}`}. Layer 0 is the embedding, layer ${L} the last block's output. `
            + "id takes a layer's state for the last layer's as it is; its read-out is known as the logit lens."),
        ...fitted.map((m) => paragraph(fitSentence(m))));
}

function r2Sentence() {
    const pairs = [];
    for (let from = 0; from < L; from++) {
        for (let to = from + 1; to <= L; to++) {
            pairs.push(Object.fromEntries(methods.map((m) => [m, results.r2[m][from][to]])));
        }
    }
    const whole = pairs.filter((pair) => methods.every((m) => pair[m] !== null));
    if (whole.length === 0) {
        return "No pair of layers has an R² for every method.";
    }
    const means = methods.map((m) => `${short(mean(whole.map((pair) => Math.min(Math.max(pair[m], 0), 1))))} for ${m}`);
    const above = fitted.map((m) => `${m} is above id for ${share(whole.filter((pair) => pair[m] > pair.id).length, whole.length, "pair")}`);
    return `Over ${count(whole.length, "pair")} of layers the mean R², each clipped to 0 to 1, is ${list(means)}`
        + `${above.length ? `; ${list(above)}` : ""}.`;
}

/* On how many layers before the last a method beats id, and where by most. sign: which way
 * is better. */
function comparison(method, member, sign) {
    const gains = results.jump[method].slice(0, L).map((p, l) => sign * (p[member] - results.jump.id[l][member]));
    const most = Math.max(...gains), n = gains.filter((gain) => gain > 0).length;
    const where = n > 0 ? `, by most at layer ${gains.indexOf(most)} (${short(most)})` : "";
    return `${method} is ${sign > 0 ? "above" : "below"} id at ${share(n, L, "layer")} before the last${where}`;
}

function precisionSentence() {
    const parts = methods.map((m) => `${short(results.jump[m][halfway].p1)} of the vectors with ${m}`);
    return `The top token read out at layer ${halfway} is the model's own for ${list(parts)}`
        + `${fitted.map((m) => `; ${comparison(m, "p1", 1)}`).join("")}.`;
}

function surprisalSentence() {
    const parts = methods.map((m) => {
        const { surprisal, surprisal_ci: [low, high] } = results.jump[m][halfway];
        return `${short(surprisal)} nats (95% interval ${short(low)} to ${short(high)}) with ${m}`;
    });
    return `The top token read out at layer ${halfway} has a mean surprisal of ${list(parts)}`
        + `${fitted.map((m) => `; ${comparison(m, "surprisal", -1)}`).join("")}.`;
}

function exitSentence() {
    const early = methods.map((m) => saved[m].blocks === null ? `never with ${m}`
        : `${(L - saved[m].blocks).toFixed(1)} with ${m}`);
    const fixed = methods.map((m) => {
        const layer = results.jump[m].findIndex((p) => p.p1 >= saved.target);
        return layer < 0 ? `never with ${m}` : `${layer} with ${m}`;
    });
    return `A precision@1 of ${saved.target} takes this many of the ${count(L, "block")} by early exit, on average: ${list(early)}; `
        + `by a fixed exit: ${list(fixed)}.`;
}

/* ---- the sections ---- */

function byMethod(make) {
    return methods.flatMap(make);
}

function r2Section() {
    const figure = element("figure", {}, element("div", { class: "maps" }, ...methods.map(heatMap)), heatScale(),
        element("figcaption", {}, "How much of the variance of one layer's states a shortcut from an earlier layer explains on "
            + "validation vectors, mean over coordinates. Values below 0 have the colour of 0; pairs without a value are blank."));
    const layers = [...Array(L + 1).keys()];
    section("From layer to layer", r2Sentence(), figure,
        methods.map((m) => table(`R² of ${m}: row from, column to`, ["layer", ...layers.map(String)],
            layers.map((from) => [from, ...results.r2[m][from]]))));
}

function precisionSection() {
    const ks = [["p1", 1, SOLID], ["p5", 5, DASHED], ["p10", 10, DOTTED]];
    const sets = byMethod((m) => ks.map(([member, k, dash]) =>
        line(m, `${m}, k = ${k}`, results.jump[m].map((p) => ({ x: p.layer, y: p[member] })), dash)));
    const figure = lineChart(precisionSentence(), sets,
        axis("layer", { min: 0, max: L }), axis("precision@k", { min: 0, max: 1, ticks: {} }),
        "The share of vectors for which the shortcut's top token is among the k that the whole model puts first. "
            + "It is agreement with the model, not correctness.",
        true, { title: ([item]) => `layer ${item.parsed.x}`, label: (item) => ` ${item.dataset.label}: ${short(item.parsed.y)}` });
    section("Agreement with the model", precisionSentence(), figure,
        [table("precision@k by layer", ["layer", ...byMethod((m) => ks.map(([, k]) => `${m} @${k}`))],
            results.jump.id.map((_, l) => [l, ...byMethod((m) => ks.map(([member]) => results.jump[m][l][member]))]))]);
}

function surprisalSection() {
    const sets = byMethod((m) => [
        line(m, m, results.jump[m].map((p) => ({ x: p.layer, y: p.surprisal })), m === "id" ? DASHED : SOLID),
        ...band(m, results.jump[m])]);
    const figure = lineChart(surprisalSentence(), sets,
        axis("layer", { min: 0, max: L }), axis("surprisal, nats", { beginAtZero: true, ticks: {} }),
        "Minus the logarithm of the probability that the whole model gives to the shortcut's top token, mean and 95% interval (shaded).",
        true, {
            title: ([item]) => `layer ${item.parsed.x}`,
            label: (item) => {
                const [low, high] = results.jump[item.dataset.label][item.parsed.x].surprisal_ci;
                return ` ${item.dataset.label}: ${short(item.parsed.y)} (${short(low)} to ${short(high)})`;
            },
        });
    section("Surprisal", surprisalSentence(), figure,
        [table("surprisal by layer, nats", ["layer", ...byMethod((m) => [m, `${m} low`, `${m} high`])],
            results.jump.id.map((_, l) => [l, ...byMethod((m) =>
                [results.jump[m][l].surprisal, ...results.jump[m][l].surprisal_ci])]))]);
}

function exitSection() {
    const sets = byMethod((m) => [
        line(m, `${m}, early`, results.exit[m].map((p) => ({ x: p.layers, y: p.p1, lambda: p.lambda }))
            .sort((a, b) => a.x - b.x || a.y - b.y), SOLID),
        line(m, `${m}, fixed`, results.jump[m].map((p) => ({ x: p.layer, y: p.p1 })), DASHED)]);
    sets.push({
        label: `target ${saved.target}`, data: [{ x: 0, y: saved.target }, { x: L, y: saved.target }],
        tone: "--soft", borderDash: DOTTED, borderWidth: 1.5, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0,
    });
    const figure = lineChart(exitSentence(), sets,
        axis("blocks run, mean", { min: 0, max: L }), axis("precision@1", { min: 0, max: 1, ticks: {} }),
        "Early exit leaves at the first layer whose two likeliest tokens are far enough apart, as the threshold's λ says"
        + (data.exit_position == null ? ", which falls with the token's position; " : `, taking position ${data.exit_position} for every token, as the paper's code does; `)
            + "fixed exit always leaves after the same block.",
        false, {
            title: () => "",
            label: (item) => ` ${item.dataset.label}: ${short(item.parsed.x)} blocks, precision@1 ${short(item.parsed.y)}`
                + (item.raw.lambda === undefined ? "" : `, λ ${item.raw.lambda}`),
        });
    section("Early and fixed exit", exitSentence(), figure, [
        ...methods.map((m) => table(`early exit with ${m}`, ["λ", "blocks run", "precision@1"],
            results.exit[m].map((p) => [exact(p.lambda), p.layers, p.p1]))),
        table("fixed exit, precision@1", ["blocks run", ...methods],
            results.jump.id.map((_, l) => [l, ...methods.map((m) => results.jump[m][l].p1)])),
        table("saved by early exit", ["method", "blocks", "percent"],
            methods.map((m) => [m, saved[m].blocks, saved[m].percent]))]);
}

/* ---- the page ---- */

Chart.defaults.font.family = colour("--sans");
describe();
r2Section();
precisionSection();
surprisalSection();
exitSection();

function printing(on) {
    document.documentElement.toggleAttribute("data-printing", on);
    charts.forEach(paint);
}
window.addEventListener("beforeprint", () => printing(true));
window.addEventListener("afterprint", () => printing(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.forEach(paint));
document.body.dataset.ready = "true";
