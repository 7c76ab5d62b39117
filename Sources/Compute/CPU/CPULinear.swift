// Linear layers whose input is made where it is packed. Knows nothing of formats and kernels of products.

import CKernels
import Numerics

extension CPUBackend {
    package func linear(_ x: Tensor, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        try linearKernels.multiply(x, weights)
    }

    /// The member that packs a row makes it first, in its own scratch.
    package func linear(_ input: LinearInput, _ weights: [Weight]) throws(ComputeError) -> [Tensor] {
        // Sendable: the kernels read their operands and write the member's own scratch.
        let table = kernels.table
        switch input {
        case .rows(let x): return try linearKernels.multiply(x, weights)
        case .rmsNorm(let x, let weight, let epsilon):
            try checkMatrix(x, operation: "rmsNorm")
            let columns = x.columns
            try check(weight, is: [columns], operation: "rmsNorm weight")
            return try linearKernels.multiply(x, weights) { row, _, out in
                table.rms_norm(out, x.pointer + row * columns, weight.pointer, 1, columns, epsilon)
            }
        case .layerNorm(let x, let weight, let bias, let epsilon):
            try checkMatrix(x, operation: "layerNorm")
            let columns = x.columns
            try check(weight, is: [columns], operation: "layerNorm weight")
            try check(bias, is: [columns], operation: "layerNorm bias")
            return try linearKernels.multiply(x, weights) { row, _, out in
                table.layer_norm(out, x.pointer + row * columns, weight.pointer, bias.pointer, 1, columns, epsilon)
            }
        case .gelu(let x):
            try checkMatrix(x, operation: "gelu")
            let columns = x.columns
            return try linearKernels.multiply(x, weights) { row, part, out in
                table.gelu(out + part.lowerBound, x.pointer + row * columns + part.lowerBound, part.count)
            }
        case .swiGLU(let gate, let up):
            try checkMatrix(gate, operation: "swiGLU")
            try check(up, is: gate.shape, operation: "swiGLU")
            let columns = gate.columns
            return try linearKernels.multiply(gate, weights) { row, part, out in
                let offset = row * columns + part.lowerBound
                table.swiglu(out + part.lowerBound, gate.pointer + offset, up.pointer + offset, part.count)
            }
        }
    }
}
