/* charts.js: line charts, their legends, and what can be saved of a figure. One rule for
 * all: a dashed line is the logit lens, for which nothing is fitted. */

/* ---- how a method looks: a colour of page.css and a marker, the same in every chart ---- */

const MARKERS = [
    { style: "circle", path: "M17 6 a3 3 0 1 0 6 0 a3 3 0 1 0 -6 0" },
    { style: "triangle", path: "M20 2 L24 9 L16 9 Z" },
    { style: "rect", path: "M17 3 h6 v6 h-6 Z" },
    { style: "rectRot", path: "M20 2 L24 6 L20 10 L16 6 Z" },
    { style: "crossRot", path: "M17 3 L23 9 M23 3 L17 9" },
];
const N_COLOURS = 6;

/* What is drawn how: a dashed line is the logit lens, dots are single settings between which
 * there is nothing, a thin line is a variant of the thick one of its colour. */
const LOOKS = {
    line: { borderDash: [], borderWidth: 2.5 },
    id: { borderDash: [7, 4], borderWidth: 2 },
    thin: { borderDash: [], borderWidth: 1 },
    dots: { borderDash: [], borderWidth: 2, showLine: false },
};

/* id is always the second colour, so that two reports can be compared. */
function rank(method) {
    const at = methods.indexOf(method);
    return method === "id" ? 1 : at === 0 ? 0 : at + 1;
}

const lookOf = (method) => (method === "id" ? "id" : "line");

/* points: {x, y, ci}, ci null or absent where there is no interval. */
function curve(tone, label, points, look = "line") {
    const step = look === "dots" ? 1 : Math.ceil(points.length / 8); /* a marker on each point would hide the dashes */
    return {
        label, data: points, tone: `--series-${tone % N_COLOURS}`, ...LOOKS[look], marker: MARKERS[tone % MARKERS.length],
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
function curves(tone, label, points, look) {
    const set = curve(tone, label, points, look);
    return [set, ...band(set)];
}

/* The points of a list of scores by layer. */
function byLayer(scores, member) {
    return scores.map((p) => ({ x: p.layer, y: p[member], ci: p[`${member}_ci`] }));
}

/* The height of a line at x; points by x. */
function heightAt(points, x) {
    const after = points.findIndex((p) => p.x >= x), b = points[after], a = points[after - 1];
    return after < 0 ? undefined : b.x === x ? b.y : a && a.y + ((b.y - a.y) * (x - a.x)) / (b.x - a.x);
}

/* Hide what lies on a curve before it: the legend says so, and shows it when asked. y: the axis,
 * of which 1% is no difference. */
function thin(sets, y) {
    const all = sets.filter((set) => !set.isBand);
    const inside = (value) => Math.min(Math.max(value, y.min ?? -Infinity), y.max ?? Infinity);
    const known = new Map(all.map((set) => [set, set.data.filter((p) => p.y != null).map((p) => ({ x: p.x, y: inside(p.y) }))]));
    const values = [...known.values()].flat().map((p) => p.y), apart = 0.01 * ((y.max ?? Math.max(...values)) - (y.min ?? Math.min(...values)));
    const on = (a, b) => known.get(a).length > 1 && (a.showLine === false) === (b.showLine === false) && known.get(a).every((p, i) => {
        const q = known.get(b)[i], there = a.showLine !== false ? heightAt(known.get(b), p.x) : q?.x === p.x ? q.y : undefined;
        return Math.abs(there - p.y) <= apart;
    });
    all.filter((set) => !set.hidden).forEach((set, i, shown) => {
        const under = shown.slice(0, i).find((other) => !other.hidden && on(set, other));
        set.note = under && `lies on ${under.label}`;
        for (let k = sets.indexOf(set); under && (sets[k] === set || sets[k]?.isBand); k++) {
            sets[k].hidden = true;
        }
    });
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
    if (set.showLine !== false) {
        add({ d: "M1 6 H39", "stroke-width": set.borderWidth, "stroke-dasharray": set.borderDash.join(" ") });
    }
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
        const button = element("button", { type: "button", "aria-pressed": chart.isDatasetVisible(i) }, swatch(set),
            element("span", {}, set.label, ...(set.note ? [element("small", {}, ` ${set.note}`)] : [])));
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

/* together: the tooltip tells of all lines at one x, else of the nearest point. sets: curves, or
 * several lists of them by name, of which one is shown at a time. */
function lineChart(label, sets, x, y, caption, together, tip) {
    const choices = Array.isArray(sets) ? [["", sets]] : Object.entries(sets);
    const canvas = element("canvas", { role: "img", "aria-label": label });
    const plot = element("div", { class: "plot" }, canvas);
    const figure = element("figure", {}, plot, element("figcaption", {}, caption));
    document.querySelector("main").append(figure); /* Chart.js measures what is in the page */
    for (const set of choices.flatMap(([, some]) => some)) {
        set.pointStyle = set.marker?.style;
    }
    choices.forEach(([, some]) => thin(some, y));
    const chart = new Chart(canvas, {
        type: "line",
        data: { datasets: choices[0][1] },
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
    if (choices.length > 1) {
        figure.prepend(chooser(chart, choices, figure));
    }
    paint(chart);
    charts.push(chart);
    figure.csv = () => [["series", x.title.text, y.title.text, "low", "high"], ...choices.flatMap(([name, some]) =>
        some.filter((set) => !set.isBand).flatMap((set) => set.data.map((p) => [name ? `${set.label}, ${name}` : set.label, p.x, p.told ?? p.y, p.ci?.[0], p.ci?.[1]])))];
    figure.png = () => chartPicture(chart);
    return figure;
}

/* Buttons that show one list of curves in the place of another. */
function chooser(chart, choices, figure) {
    const box = element("div", { class: "chooser", role: "group" });
    const buttons = choices.map(([name, sets]) => {
        const button = element("button", { type: "button", "aria-pressed": sets === choices[0][1] }, name);
        button.addEventListener("click", () => {
            buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
            chart.data.datasets = sets;
            paint(chart);
            figure.querySelector(".legend").replaceWith(legend(chart));
        });
        return button;
    });
    box.append(...buttons);
    return box;
}

/* ---- a figure as files, made in the page ---- */

function save(name, blob) {
    const link = element("a", { download: name, href: URL.createObjectURL(blob) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function csvText(rows) {
    const cell = (x) => (x == null ? "" : /[",\n]/.test(String(x)) ? `"${String(x).replaceAll('"', '""')}"` : String(x));
    return `${rows.map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

function downloads(figure, title) {
    const name = `${slug(model.name) || "model"}-${slug(title)}`;
    const button = (label, make) => {
        const made = element("button", { type: "button", "aria-label": `${label} of ${title}` }, label);
        made.addEventListener("click", make);
        return made;
    };
    return element("div", { class: "downloads" }, "Save as ",
        button("CSV", () => save(`${name}.csv`, new Blob([csvText(figure.csv())], { type: "text/csv" }))),
        button("PNG", () => figure.png().toBlob((blob) => save(`${name}.png`, blob), "image/png")));
}

/* A canvas of this size in CSS pixels, with the page's colours and as fine as its screen. */
function picture(width, height) {
    const fine = Math.max(2, devicePixelRatio), canvas = element("canvas", { width: width * fine, height: height * fine });
    const context = canvas.getContext("2d");
    context.scale(fine, fine);
    context.fillStyle = colour("--paper");
    context.fillRect(0, 0, width, height);
    context.font = `13px ${colour("--sans")}`;
    context.textBaseline = "middle";
    return { canvas, context };
}

/* The chart under a legend of what it shows. */
function chartPicture(chart) {
    const shown = chart.data.datasets.filter((set, i) => !set.isBand && chart.isDatasetVisible(i));
    const width = Math.max(chart.width, 360), top = 12 + 20 * shown.length;
    const { canvas, context } = picture(width, top + chart.height);
    shown.forEach((set, i) => {
        const y = 16 + 20 * i;
        context.strokeStyle = context.fillStyle = colour(set.tone);
        context.lineWidth = set.borderWidth;
        context.setLineDash(set.borderDash);
        context.beginPath();
        if (set.showLine !== false) {
            context.moveTo(8, y);
            context.lineTo(48, y);
            context.stroke();
        }
        if (set.marker) {
            context.save();
            context.translate(8, y - 6); /* as the swatch of the legend */
            context.fill(new Path2D(set.marker.path));
            context.setLineDash([]);
            context.stroke(new Path2D(set.marker.path));
            context.restore();
        }
        context.fillStyle = colour("--ink");
        context.fillText(set.label, 56, y, width - 64);
    });
    context.drawImage(chart.canvas, 0, top, chart.width, chart.height);
    return canvas;
}
