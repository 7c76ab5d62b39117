// Backward of the element-by-element operations, of norms and of softmax, for training.

/// dy (Phi(x) + x phi(x)), phi the normal density; Phi is x Phi(x) over x, and its expansion about 0.
static void gelu_gradient(float *dx, const float *dy, const float *x, size_t count) {
    FOR_VECTORS(count, {
        vf v = TAKE(x);
        vf a = from_bits(bits(v) & 0x7fffffff);
        vf density = exp_sum(v * v * -0.5f, (vf)(0)) * 0x1.988454p-2f;
        // x Phi(x) / x loses nothing but where x is subnormal; near zero Phi is 1/2 + x phi(0).
        vf near = fma(v, splat(0x1.988454p-2f), splat(0.5f));
        vf distribution = a < 1e-3f ? near : gelu_of(v) / v;
        PUT(dx, TAKE(dy) * fma(v, density, distribution));
    });
}

/// With s = 1 / (1 + exp(-gate)): dup = dy gate s, dgate = dy up s (1 + gate (1 - s)).
static void swiglu_gradient(
    float *dgate, float *dup, const float *dy, const float *gate, const float *up, size_t count
) {
    FOR_VECTORS(count, {
        vf g = TAKE(gate), d = TAKE(dy);
        vf s = 1.0f / (1.0f + exp_sum(-g, (vf)(0)));
        PUT(dup, d * g * s);
        PUT(dgate, d * TAKE(up) * s * fma(g, 1.0f - s, splat(1)));
    });
}

static void softmax_gradient(float *scores, float *products, size_t visible, size_t count, float scale) {
    float top = scores[0];
    for (size_t i = 1; i < visible; i++) top = scores[i] > top ? scores[i] : top;
    vf totals = 0, means = 0;
    FOR_VECTORS(visible, {
        vf p = exp_sum((TAKE(scores) - top) * scale, (vf)(0));
        if (!whole) p = lanes_below((int32_t)n) ? p : (vf)(0);
        PUT(scores, p);
        totals += p;
        means = fma(p, TAKE(products), means);
    });
    float inverse = 1 / sum(totals), mean = sum(means) * inverse;
    FOR_VECTORS(visible, {
        vf p = TAKE(scores) * inverse;
        PUT(scores, p);
        PUT(products, p * (TAKE(products) - mean) * scale);
    });
    __builtin_memset(scores + visible, 0, (count - visible) * sizeof(float));
    __builtin_memset(products + visible, 0, (count - visible) * sizeof(float));
}

/// With r = rsqrt(mean(x^2) + epsilon): dx = r (g dy) - x r^3 mean(g dy x), dg = sum over rows of dy x r.
static void rms_norm_gradient(
    float *dx, float *gain_sums, const float *dy, const float *x, const float *weight, size_t rows, size_t columns,
    float epsilon
) {
    for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, x += columns) {
        vf squares = 0, products = 0;
        FOR_VECTORS(columns, {
            vf v = TAKE(x);
            squares = fma(v, v, squares);
            products = fma(TAKE(weight) * TAKE(dy), v, products);
        });
        float scale = 1.0f / __builtin_sqrtf(sum(squares) / (float)columns + epsilon);
        float pull = scale * scale * scale * (sum(products) / (float)columns);
        FOR_VECTORS(columns, {
            vf v = TAKE(x), gradient = TAKE(dy) * scale;
            PUT(dx, TAKE(weight) * gradient - v * pull);
            PUT(gain_sums, fma(gradient, v, TAKE(gain_sums)));
        });
    }
}

/// With n = (x - mean) * rsqrt(variance + epsilon) and e = g dy: dx = r (e - mean(e) - n mean(e n)),
/// dg = sum over rows of dy n, db = sum over rows of dy.
static void layer_norm_gradient(
    float *dx, float *gain_sums, float *bias_sums, const float *dy, const float *x, const float *weight, size_t rows,
    size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, x += columns) {
        float total, squares;
        ROW_SUM(total, x, columns, v);
        float mean = total / (float)columns;
        ROW_SUM(squares, x, columns, (v - mean) * (v - mean));
        float scale = 1.0f / __builtin_sqrtf(squares / (float)columns + epsilon);
        vf plain = 0, weighted = 0;
        FOR_VECTORS(columns, {
            vf inner = TAKE(weight) * TAKE(dy);  // zero behind the last column
            plain += inner;
            weighted = fma(inner, (TAKE(x) - mean) * scale, weighted);
        });
        float inner = sum(plain) / (float)columns, pull = sum(weighted) / (float)columns;
        FOR_VECTORS(columns, {
            vf normal = (TAKE(x) - mean) * scale, gradient = TAKE(dy);
            PUT(dx, (TAKE(weight) * gradient - inner - normal * pull) * scale);
            PUT(gain_sums, fma(gradient, normal, TAKE(gain_sums)));
            PUT(bias_sums, TAKE(bias_sums) + gradient);
        });
    }
}

static void column_sums(float *sums, const float *x, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row++, x += columns) {
        FOR_VECTORS(columns, { PUT(sums, TAKE(sums) + TAKE(x)); });
    }
}
