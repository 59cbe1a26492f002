/* SPDX-License-Identifier: MIT */
/*
 * vector_product.h: x' y in float64 of float32 rows, part of vector_impl.h. The columns of
 * x and y are widened into strips that stay in the cache, and a piece of the product, TALL
 * columns of x by WIDE of y, stays in registers for all rows of a strip.
 */
#ifdef __AVX512F__
enum { PRODUCT_BYTES = 64, TALL = 12 };
#elif defined __AVX2__
enum { PRODUCT_BYTES = 32, TALL = 6 };
#else
enum { PRODUCT_BYTES = 16, TALL = 4 };
#endif

typedef double product_lane __attribute__((vector_size(PRODUCT_BYTES), aligned(8)));

enum {
    LANE = PRODUCT_BYTES / 8,
    WIDE = 2 * LANE,
};

_Static_assert((int)TALL <= JC_PRODUCT_EDGE && (int)WIDE <= JC_PRODUCT_EDGE, "room");

/* Columns [0, n) of x, zeros beyond them -> strips of `width` columns, [rows, width] each
 */
static inline __attribute__((always_inline)) void
product_strips(size_t n, size_t rows, const float *x, size_t stride, size_t width,
               double *strips)
{
    for (size_t c = 0; c < n; c += width, strips += rows * width)
        for (size_t r = 0; r < rows; r++) {
            const float *from = x + r * stride + c;
            double *to = strips + r * width;
            if (c + width <= n)
                for (size_t i = 0; i < width; i++)
                    to[i] = (double)from[i];
            else
                for (size_t i = 0; i < width; i++)
                    to[i] = c + i < n ? (double)from[i] : 0;
        }
}

/* product [m, n] += of one strip of each, m <= TALL, n <= WIDE */
static void product_piece(size_t m, size_t n, size_t rows, const double *x, const double *y,
                          double *product, size_t stride)
{
    product_lane sum[TALL][2] = {0};

    for (size_t r = 0; r < rows; r++, x += TALL, y += WIDE) {
        product_lane left, right;
        memcpy(&left, y, sizeof left);
        memcpy(&right, y + LANE, sizeof right);
#pragma GCC unroll 12
        for (int i = 0; i < TALL; i++) {
            sum[i][0] += x[i] * left;
            sum[i][1] += x[i] * right;
        }
    }
    double piece[TALL][WIDE];
    memcpy(piece, sum, sizeof piece);
    for (size_t i = 0; i < m; i++)
        for (size_t k = 0; k < n; k++)
            product[i * stride + k] += piece[i][k];
}

static void product_add(size_t m, size_t n, size_t rows, const float *x, const float *y,
                        size_t stride, double *product, double *room)
{
    for (size_t first = 0; first < rows; first += JC_PRODUCT_ROWS) {
        size_t some = rows - first < JC_PRODUCT_ROWS ? rows - first : JC_PRODUCT_ROWS;
        double *left = room, *right = room + (m + TALL) * some;

        product_strips(m, some, x + first * stride, stride, TALL, left);
        product_strips(n, some, y + first * stride, stride, WIDE, right);
        for (size_t k = 0; k < n; k += WIDE)
            for (size_t i = 0; i < m; i += TALL)
                if (x != y || i < k + WIDE) /* else below the diagonal */
                    product_piece(m - i < TALL ? m - i : TALL, n - k < WIDE ? n - k : WIDE,
                                  some, left + i * some, right + k * some,
                                  product + i * n + k, n);
    }
}
