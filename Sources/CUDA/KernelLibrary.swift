// The compiled kernels of one device. Knows nothing of when they are launched.

import Synchronization

/// Kernels of which one form serves all shapes.
struct CommonKernels: Sendable {
    let add, gelu, geluGradient, swiGLU, swiGLUGradient, rope: Kernel
    let addBias, gather, replace, spread, scatterPartial, scatterTotal: Widths
    let patchify: Widths
    let assemble, patchRows, shuffle, unshuffle, columnPartial: Widths
    let columnTotal, crossEntropy, forwardKL, meanSquare, sumDoubles, squarePartial, adamW: Kernel
    let roundInputs, roundWeights: Kernel

    /// A kernel that handles four columns at a time, and the same one for a number of columns that is no multiple of four.
    struct Widths: Sendable {
        let four: Kernel
        let one: Kernel
    }

    init(_ library: KernelLibrary) throws(CUDAError) {
        let module = try library.module(
            [elementKernels, visionKernels, sumKernels], name: "element, vision and sum", options: [])
        func widths(_ name: String) throws(CUDAError) -> Widths {
            Widths(four: try module.kernel(name + "_4"), one: try module.kernel(name + "_1"))
        }
        add = try module.kernel("add")
        gelu = try module.kernel("gelu")
        geluGradient = try module.kernel("gelu_gradient")
        swiGLU = try module.kernel("swiglu")
        swiGLUGradient = try module.kernel("swiglu_gradient")
        rope = try module.kernel("rope")
        addBias = try widths("add_bias")
        gather = try widths("gather")
        replace = try widths("replace")
        spread = try widths("spread")
        scatterPartial = try widths("scatter_partial")
        scatterTotal = try widths("scatter_total")
        patchify = Widths(four: try module.kernel("patchify_4"), one: try module.kernel("patchify"))
        assemble = try widths("assemble")
        patchRows = try widths("patch_rows")
        shuffle = try widths("shuffle")
        unshuffle = try widths("unshuffle")
        columnPartial = try widths("column_partial")
        columnTotal = try module.kernel("column_total")
        crossEntropy = try module.kernel("cross_entropy")
        forwardKL = try module.kernel("forward_kl")
        meanSquare = try module.kernel("mean_square")
        sumDoubles = try module.kernel("sum_doubles")
        squarePartial = try module.kernel("square_partial")
        adamW = try module.kernel("adamw")
        let rounding = try library.module([quantizationKernels], name: "rounding", options: ["--fmad=false"])
        roundInputs = try rounding.kernel("round_inputs")
        roundWeights = try rounding.kernel("round_weights")
    }
}

/// The norms' kernels for one number of columns.
struct NormKernels: Sendable {
    let rmsNorm, layerNorm, rmsNormGradient, layerNormGradient: Kernel

    static let rowsPerBlock = 8
    /// Rows whose shares of the gain's gradient make one partial row.
    static let rowsPerPartial = 16

    init(_ library: KernelLibrary, columns: Int) throws(CUDAError) {
        let module = try library.module([normKernels], name: "norm", options: ["-DCOLUMNS=\(columns)"])
        rmsNorm = try module.kernel("rms_norm")
        layerNorm = try module.kernel("layer_norm")
        rmsNormGradient = try module.kernel("rms_norm_gradient")
        layerNormGradient = try module.kernel("layer_norm_gradient")
    }
}

/// Attention's kernels for one head dimension.
struct AttentionKernels: Sendable {
    let forward, delta, queryGradient, keyValueGradient: Kernel
    /// Threads of a block, rows that it owns, and its shared memory.
    let queries, keys: (block: Int, rows: Int, sharedBytes: Int)

    init(_ library: KernelLibrary, headDim: Int, exact: Bool) throws(CUDAError) {
        let module = try library.module(
            [attentionPrelude, attentionForward, attentionBackward], name: "attention",
            options: ["-DD=\(headDim)", "-DEXACT=\(exact ? 1 : 0)"])
        let small = headDim <= 64
        let (line, keyRows, queryRows) = (headDim + 4, small ? 96 : 64, small ? 64 : 16)
        queries = (192, 96, 2 * 64 * line * 4)
        keys = (2 * keyRows, keyRows, (2 * keyRows * line + 2 * queryRows * line + 2 * queryRows) * 4)
        forward = try module.kernel("attention_forward", sharedBytes: queries.sharedBytes)
        delta = try module.kernel("attention_delta")
        queryGradient = try module.kernel("attention_query_gradient", sharedBytes: queries.sharedBytes)
        keyValueGradient = try module.kernel("attention_key_value_gradient", sharedBytes: keys.sharedBytes)
    }
}

/// Compiles kernels for a device, each form when it is first asked for.
final class KernelLibrary: Sendable {
    private let device: CUDADevice
    private let compiler: RuntimeCompiler
    private let norms = Mutex<[Int: NormKernels]>([:])
    private let attentions = Mutex<[Int: AttentionKernels]>([:])
    private let exact: Bool

    /// - Parameter exact: attention's products in split TF32, near float32.
    init(_ device: CUDADevice, exact: Bool) throws(CUDAError) {
        self.device = device
        self.exact = exact
        compiler = try RuntimeCompiler()
    }

    func module(_ sources: [String], name: String, options: [String]) throws(CUDAError) -> KernelModule {
        let code = try compiler.machineCode(
            of: ([kernelPrelude] + sources).joined(separator: "\n"), name: name, architecture: device.architecture,
            options: options)
        return try device.load(code, name: name)
    }

    func norm(columns: Int) throws(CUDAError) -> NormKernels {
        try norms.withLock { (norms) throws(CUDAError) in
            if let known = norms[columns] { return known }
            let made = try NormKernels(self, columns: columns)
            norms[columns] = made
            return made
        }
    }

    func attention(headDim: Int) throws(CUDAError) -> AttentionKernels {
        try attentions.withLock { (attentions) throws(CUDAError) in
            if let known = attentions[headDim] { return known }
            let made = try AttentionKernels(self, headDim: headDim, exact: exact)
            attentions[headDim] = made
            return made
        }
    }
}
