/* page.js: what the report is drawn with; sections.js, after it in the same script, draws.
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

/* Objects are keyed by names of methods, which may be "__proto__": they have no prototype. */
const plainObject = (key, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.setPrototypeOf(value, null) : value);
const results = JSON.parse(document.getElementById("results").textContent, plainObject);
const { model, data, saved } = results;
const L = model.layers;
const methods = [...Object.keys(results.r2).filter((name) => name !== "id"), "id"];
const fitted = methods.slice(0, -1);
const halfway = Math.floor(L / 2);

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
    if (x == null) {
        return "unknown";
    }
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

/* A number and its interval, where there is one. */
function within(x, ci) {
    return ci ? `${short(x)} (${short(ci[0])} to ${short(ci[1])})` : short(x);
}

/* A number to read, with the exact one behind it. */
function exact(x) {
    return element("data", { value: x }, Math.abs(x) < 1000 ? x.toFixed(4) : x.toExponential(4));
}

/* rows: [heading, ...cells]; a cell is a number or null (blank). */
function table(title, head, rows) {
    const cell = (x) => element("td", {}, x == null ? "" : exact(x));
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

/* points: {x, y, ci}, ci null or absent where there is no interval. */
function curve(tone, label, points, dash) {
    const step = Math.ceil(points.length / 8); /* a marker on each point would hide the dashes */
    return {
        label, data: points, tone: `--series-${tone % N_COLOURS}`, borderDash: dash,
        marker: MARKERS[tone % MARKERS.length], borderWidth: 2,
        pointRadius: ({ dataIndex }) => (dataIndex % step === 0 ? 3.5 : 0), pointHoverRadius: 5, clip: 6,
    };
}

/* The intervals around a curve: two edges without ink and the area between them. */
function band({ data, tone }) {
    const edge = (side, fill) => ({
        label: "", data: data.map((p) => ({ x: p.x, y: p.ci?.[side] ?? null })), fill,
        tone, isBand: true, borderWidth: 0, pointRadius: 0, pointHoverRadius: 0, pointHitRadius: 0,
    });
    return data.some((p) => p.ci) ? [edge(0, false), edge(1, "-1")] : [];
}

/* A curve and its band. */
function curves(tone, label, points, dash) {
    const set = curve(tone, label, points, dash);
    return [set, ...band(set)];
}

/* The points of a list of scores by layer. */
function byLayer(scores, member) {
    return scores.map((p) => ({ x: p.layer, y: p[member], ci: p[`${member}_ci`] }));
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
        const button = element("button", { type: "button", "aria-pressed": true }, swatch(set), element("span", {}, set.label));
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

/* Ticks at 1, 2 and 5 times powers of ten. */
function logAxis(title) {
    const callback = (x) => ([1, 2, 5].includes(Math.round(x / 10 ** Math.floor(Math.log10(x) + 1e-9))) ? x.toLocaleString("en") : "");
    return { type: "logarithmic", title: { display: true, text: title }, grid: {}, ticks: { maxRotation: 0, autoSkipPadding: 8, callback } };
}

function axis(title, range) {
    return { type: "linear", title: { display: true, text: title }, grid: {}, ticks: { precision: 0, maxRotation: 0 }, ...range };
}

/* A label that fits a tooltip. */
function brief(label) {
    return label.length > 32 ? `${label.slice(0, 14)}…${label.slice(-17)}` : label;
}

/* What a tooltip says of a point; more(raw): words to add. */
function tips(title, more = () => "") {
    return { title, label: ({ dataset, raw }) => ` ${brief(dataset.label)}: ${within(raw.y, raw.ci)}${more(raw)}` };
}

/* The point of a curve, not of a band, nearest to the pointer. */
Chart.Interaction.modes.curve = (chart, { x, y }) => {
    const points = chart.getSortedVisibleDatasetMetas().filter((meta) => !chart.data.datasets[meta.index].isBand)
        .flatMap((meta) => meta.data.map((element, index) => ({ element, datasetIndex: meta.index, index })))
        .filter(({ element }) => !element.skip);
    const away = ({ element }) => Math.hypot(element.x - x, element.y - y);
    return points.length === 0 ? [] : [points.reduce((a, b) => (away(b) < away(a) ? b : a))];
};

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
            interaction: together ? { mode: "index", intersect: false } : { mode: "curve" },
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
