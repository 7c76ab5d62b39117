// Backward of the element-by-element operations and of attention, for training.

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

/// One query's share of the gradients of softmax attention over `visible` keys, `stride` floats apart; adds to dq [head_dim]
/// and to the rows of dk and dv, which lie as keys and values do. scratch: [2, visible].
static void attend_gradient(
    const float *query, const float *dy, const float *keys, const float *values, size_t stride, size_t visible,
    size_t head_dim, float scale, float *scratch, float *dq, float *dk, float *dv
) {
    float *weights = scratch, *mixed = scratch + visible;
    for (size_t other = 0; other < visible; other++) {
        const float *key = keys + other * stride, *value = values + other * stride;
        vf score = 0, mix = 0;
        FOR_VECTORS(head_dim, {
            score = fma(TAKE(query), TAKE(key), score);
            mix = fma(TAKE(dy), TAKE(value), mix);
        });
        weights[other] = sum(score) * scale;
        mixed[other] = sum(mix);
    }
    float top = weights[0];
    for (size_t other = 1; other < visible; other++) top = weights[other] > top ? weights[other] : top;
    vf totals = 0, means = 0;
    FOR_VECTORS(visible, {
        vf p = exp_sum(TAKE(weights) - top, (vf)(0));
        PUT(weights, p);
        // Read again, so that lanes behind the last key are zero.
        vf kept = TAKE(weights);
        totals += kept;
        means = fma(kept, TAKE(mixed), means);
    });
    float inverse = 1 / sum(totals), mean = sum(means) * inverse;
    vf gradient[MONOCLE_MAX_HEAD_DIM / LANES];
    for (size_t j = 0; j < (head_dim + LANES - 1) / LANES; j++) gradient[j] = 0;
    for (size_t other = 0; other < visible; other++) {
        const float *key = keys + other * stride;
        float *key_gradient = dk + other * stride, *value_gradient = dv + other * stride;
        float weight = weights[other] * inverse, slope = scale * weight * (mixed[other] - mean);
        FOR_VECTORS(head_dim, {
            gradient[i / LANES] = fma(splat(slope), TAKE(key), gradient[i / LANES]);
            PUT(key_gradient, fma(splat(slope), TAKE(query), TAKE(key_gradient)));
            PUT(value_gradient, fma(splat(weight), TAKE(dy), TAKE(value_gradient)));
        });
    }
    FOR_VECTORS(head_dim, { PUT(dq, TAKE(dq) + gradient[i / LANES]); });
}
