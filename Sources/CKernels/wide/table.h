// The kernels of one instruction set as a table.

static const struct monocle_kernels table = {
    .add = add,
    .gelu = gelu,
    .swiglu = swiglu,
    .rope = rope,
    .rms_norm = rms_norm,
    .layer_norm = layer_norm,
    .widen = widen,
    .widen_nvfp4 = widen_nvfp4,
    .narrow = narrow,
    .attend = attend,
    .merge = merge,
    .finish = finish,
    .gelu_gradient = gelu_gradient,
    .swiglu_gradient = swiglu_gradient,
    .attend_gradient = attend_gradient,
};
