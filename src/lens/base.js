/* base.js: what the page of a lens is drawn with: the data, words, and shades. sheet.js,
 * paper.js and page.js follow in the same script. */
const lens = read("lens");
const names = Object.keys(lens.maps);
const columns = lens.positions.length;
const last = lens.model.layers;
const { taps } = lens; /* a row each */
const rows = taps.length;
const beside = names.length > 1 && innerWidth >= 700; /* else one map fills the width */
const view = {
    shade: "p", shown: beside ? names : [names[0]],
    map: names[0], row: rows - 1, column: 0, /* the cell that the panel below describes */
    pinned: false, /* it was chosen; otherwise the panel follows the pointer */
    printing: false, /* on paper, which is light */
};

/* ---- words ---- */

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
    const low = 100 * p;
    return low > 0 && low < 1e-4 ? "<0.0001%" : low > 0 && low < 0.1 ? `${low.toPrecision(1)}%` : `${low.toFixed(1)}%`;
}

/* "fitted map (mat)": what a map is called on this page. */
function plain(name) {
    return PLAIN[name] ? `${PLAIN[name]} (${name})` : name;
}

const POINTS = {
    __proto__: null, ln1: "what the first norm gives", attn: "what attention adds", mid: "the stream after attention",
    ln2: "what the second norm gives", mlp: "what the MLP adds", sum: "what attention and MLP add",
};

/* How a row is read: "through mat", or as it is. */
function reading(name, row) {
    const through = lens.maps[name].through?.[row];
    return row === rows - 1 ? "the model's own output" : through === undefined ? "" : through === "id" ? "read as it is" : `read through ${plain(through)}`;
}

/* "layer 6 of 12", "6.mlp, what the MLP adds in block 6 of 12" */
function place(row) {
    const [block, point] = taps[row].split(".");
    return point ? `${taps[row]}: ${POINTS[point] ?? point} in block ${block} of ${last}` : `layer ${block} of ${last}`;
}

/* ---- what cells are shaded by: x from 0 to 1 makes the shade, top is the number at 1 ---- */

function most(member) {
    const all = names.flatMap((name) => lens.maps[name][member].flat()).sort((a, b) => a - b);
    return Math.max(1, Math.ceil(all[Math.floor(0.95 * (all.length - 1))]));
}

const klTop = most("kl"), entropyTop = most("entropy");
const SHADES = {
    p: { label: "probability", x: (map, r, c) => map.p[r][c][0], told: (map, r, c) => percent(map.p[r][c][0]),
        title: "its probability", ends: ["0", "1: probability of the first guess"] },
    rank: { label: "rank", x: (map, r, c) => 1 - Math.log(map.rank[r][c]) / Math.log(Math.max(2, lens.model.vocab)), told: (map, r, c) => String(map.rank[r][c]),
        title: "rank of the model's answer", ends: [lens.model.vocab.toLocaleString("en"), "1: rank of the model's answer (logarithmic)"] },
    entropy: { label: "entropy", x: (map, r, c) => map.entropy[r][c] / entropyTop, told: (map, r, c) => number(map.entropy[r][c]),
        title: "entropy, nats", ends: ["0", `${entropyTop} nats or more: entropy, how undecided the layer is`] },
    kl: { label: "KL", x: (map, r, c) => Math.log1p(map.kl[r][c]) / Math.log1p(klTop), told: (map, r, c) => number(map.kl[r][c]),
        title: "KL, nats", ends: ["0", `${klTop} nats or more: KL from the model's own distribution (logarithmic)`] },
};

/* Of one token in every cell its rank, which the cell shows in place of the guess: of the
 * token that follows in the text, and of each target. rank gives null where there is none. */
function shadeOfToken(label, title, rank, further) {
    const vocab = Math.max(2, lens.model.vocab);
    return {
        label, title, ramp: "rank", ends: [vocab.toLocaleString("en"), `1: ${title} (logarithmic)`],
        x: (map, r, c) => (rank(map, r, c) === null ? 0 : 1 - Math.log(rank(map, r, c)) / Math.log(vocab)),
        shown: (map, r, c) => rank(map, r, c) ?? "",
        told: (map, r, c) => (rank(map, r, c) === null ? "" : `rank ${rank(map, r, c)}, ${further(map, r, c)}`),
    };
}

const anyNext = lens.next.some((id) => id !== null);
if (anyNext) {
    SHADES.next = shadeOfToken("next token's rank", "rank of the token that follows in the text",
        (map, r, c) => map.next_rank[r][c], (map, r, c) => `loss ${number(map.next_loss[r][c])} nats`);
}
lens.targets.forEach((id, i) => {
    SHADES[`target-${i}`] = shadeOfToken(`rank of ${word(id)}`, `rank of the target ${word(id)}`,
        (map, r, c) => map.target_rank[i][r][c], (map, r, c) => percent(map.target_p[i][r][c]));
});

/* One hue each; more is further from the paper: darker in light, lighter in dark. */
const RAMPS = {
    light: {
        p: [[255, 255, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]],
        rank: [[255, 255, 255], [198, 226, 212], [110, 186, 158], [30, 130, 95], [0, 62, 42]],
        entropy: [[255, 255, 255], [220, 212, 236], [172, 158, 206], [117, 89, 168], [58, 16, 110]],
        kl: [[255, 255, 255], [253, 218, 172], [253, 153, 70], [200, 78, 8], [96, 36, 3]],
    },
    dark: {
        p: [[23, 24, 27], [18, 62, 104], [40, 110, 166], [104, 174, 224], [214, 236, 255]],
        rank: [[23, 24, 27], [12, 68, 52], [24, 116, 90], [92, 184, 150], [214, 247, 232]],
        entropy: [[23, 24, 27], [68, 50, 112], [108, 86, 168], [166, 148, 214], [234, 226, 250]],
        kl: [[23, 24, 27], [98, 48, 12], [164, 84, 24], [240, 150, 70], [255, 228, 190]],
    },
};
const scheme = matchMedia("(prefers-color-scheme: dark)");

function ramp() {
    return RAMPS[scheme.matches && !view.printing ? "dark" : "light"][SHADES[view.shade].ramp ?? view.shade];
}

function mix(colours, x) {
    const at = Math.min(Math.max(x, 0), 1) * (colours.length - 1);
    const low = Math.min(Math.floor(at), colours.length - 2);
    return colours[low].map((c, i) => Math.round(c + (colours[low + 1][i] - c) * (at - low)));
}

function luminance(rgb) {
    const [r, g, b] = rgb.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function shadeOf(map, row, column) {
    return mix(ramp(), SHADES[view.shade].x(map, row, column));
}

/* Its shade, and what it shows: the first guess, or the rank of the token that is shaded by. */
function paint(cell, map, row, column) {
    const rgb = shadeOf(map, row, column), { shown } = SHADES[view.shade];
    cell.replaceChildren(shown ? String(shown(map, row, column)) : token(map.guesses[row][column][0]));
    cell.style.background = `rgb(${rgb.join(",")})`;
    cell.style.color = luminance(rgb) > 0.179 ? "#000" : "#fff"; /* 4.58 to 1 or more */
}
