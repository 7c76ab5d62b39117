// What a linear layer multiplies. Knows nothing of how a backend carries it out.

/// Rows as they are; or what an operation makes of rows, when nothing but a linear layer reads it: a backend may make each
/// row where it needs it, and never write the whole.
package enum LinearInput: Sendable {
    case rows(Tensor)
    /// `Backend.rmsNorm`.
    case rmsNorm(Tensor, weight: Tensor, epsilon: Float)
    /// `Backend.layerNorm`.
    case layerNorm(Tensor, weight: Tensor, bias: Tensor, epsilon: Float)
    /// `Backend.gelu`.
    case gelu(Tensor)
    /// `Backend.swiGLU`.
    case swiGLU(gate: Tensor, up: Tensor)

    /// The rows, made by the operation itself: `[rows, inputs]`.
    package func rows(on backend: any Backend) throws(ComputeError) -> Tensor {
        switch self {
        case .rows(let x): x
        case .rmsNorm(let x, let weight, let epsilon): try backend.rmsNorm(x, weight: weight, epsilon: epsilon)
        case .layerNorm(let x, let weight, let bias, let epsilon):
            try backend.layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
        case .gelu(let x): try backend.gelu(x)
        case .swiGLU(let gate, let up): try backend.swiGLU(gate: gate, up: up)
        }
    }
}

extension Backend {
    package func linear(_ input: LinearInput, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        try linear(try input.rows(on: self), weights)
    }
}
