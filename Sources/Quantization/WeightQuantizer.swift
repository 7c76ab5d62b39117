// One weight matrix from floating point to NVFP4: scales, then codes. Knows no names and no files.

package import Checkpoint
import Dispatch
package import Numerics

/// Quantises weight matrices by one scale rule in one arithmetic.
package struct WeightQuantizer: Sendable {
    package let rule: ScaleRule
    package let scales: NVFP4WeightScales

    package init(rule: ScaleRule, scales: NVFP4WeightScales) {
        self.rule = rule
        self.scales = scales
    }

    /// What a quantised weight lost.
    package struct Loss: Sendable, Hashable {
        /// Sum of (w - dequantised)^2 and of w^2.
        package var squaredError = 0.0
        package var energy = 0.0
        /// The block with the largest share of its own energy lost; the first of equal ones.
        package var worst = WorstBlock(row: 0, block: 0, relativeError: 0)
        /// Blocks under the scale 0, all of whose weights are lost: possible up to Model Optimizer 0.44.
        package var lostBlocks = 0

        package var relative: Double { energy > 0 ? squaredError / energy : 0 }

        mutating func add(_ other: Loss) {
            squaredError += other.squaredError
            energy += other.energy
            lostBlocks += other.lostBlocks
            if other.worst.relativeError > worst.relativeError { worst = other.worst }
        }
    }

    package struct WorstBlock: Sendable, Hashable {
        package var row: Int
        /// The block's place in its row.
        package var block: Int
        package var relativeError: Float
    }

    /// `weight_scale_2` for tensors whose largest magnitude is `largest`. Tensors of zeros only get 1, where Model
    /// Optimizer writes 0 and block scales that are NaN.
    package func globalScale(largest: Float) -> Float {
        guard largest > 0 else { return 1 }
        return scales.globalScale(largest: largest, norm: rule.norm)
    }

    /// Chooses the block scales.
    /// - Parameters:
    ///   - weight: finite bf16, f16 or f32 `[outputs, inputs]`, inputs a multiple of 16.
    ///   - largest: largest magnitude of all tensors that share the global scale.
    /// - Returns: e4m3 `[outputs, inputs / 16]`.
    package func blockScales(of weight: TensorView, largest: Float) -> [UInt8] {
        let globalScale = globalScale(largest: largest)
        guard largest > 0 else {
            return Array(repeating: E4M3(saturating: 1).bits, count: weight.shape.count / NVFP4.blockSize)
        }
        return switch rule {
        case .max: choose(MaxRecipe(scales: scales, globalScale: globalScale), weight)
        case .mse: choose(MSERecipe(globalScale: globalScale), weight)
        case .fourOverSix:
            choose(
                FourOverSixRecipe(
                    scales: scales, globalScale: globalScale, tensorLargest: largest, norm: rule.norm), weight)
        case .sweep256: choose(Sweep256Recipe(globalScale: globalScale), weight)
        }
    }

    private func choose(_ recipe: some BlockScaleRecipe, _ weight: TensorView) -> [UInt8] {
        let columns = weight.shape[1] / NVFP4.blockSize
        return [UInt8](unsafeUninitializedCapacity: weight.shape[0] * columns) { result, count in
            count = weight.shape[0] * columns
            // Each run of rows writes its own scales.
            nonisolated(unsafe) let target = result
            WeightRows(weight).forEachRun { run, _ in
                run.forEachRow { row, values in
                    for block in 0..<columns {
                        target[row * columns + block] =
                            recipe.scale(of: NVFP4Block(values + block * NVFP4.blockSize)).bits
                    }
                }
            }
        }
    }

    /// Rounds the weights under given scales.
    /// - Parameters:
    ///   - blockScales: e4m3 `[outputs, inputs / 16]`.
    ///   - packed: receives `outputs * inputs / 2` bytes.
    package func pack(
        _ weight: TensorView, blockScales: [UInt8], globalScale: Float, into packed: UnsafeMutableRawBufferPointer
    ) -> Loss {
        let columns = weight.shape[1] / NVFP4.blockSize
        precondition(blockScales.count == weight.shape[0] * columns && packed.count * 2 == weight.shape.count)
        let rows = WeightRows(weight)
        var losses = [Loss](repeating: Loss(), count: rows.runs)
        losses.withUnsafeMutableBufferPointer { losses in
            // Each run of rows writes its own bytes and its own loss.
            nonisolated(unsafe) let (target, losses) = (packed, losses)
            rows.forEachRun { run, index in
                var loss = Loss()
                run.forEachRow { row, values in
                    for block in 0..<columns {
                        let place = row * columns + block
                        let step = E4M3(bits: blockScales[place]).float * globalScale
                        let weights = NVFP4Block(values + block * NVFP4.blockSize)
                        target.storeBytes(
                            of: weights.packed(step: step), toByteOffset: place * NVFP4.blockSize / 2,
                            as: SIMD8<UInt8>.self)
                        let (error, energy) = (weights.squaredError(step: step), weights.energy)
                        loss.squaredError += Double(error)
                        loss.energy += Double(energy)
                        if step == 0, energy > 0 { loss.lostBlocks += 1 }
                        if energy > 0, error / energy > loss.worst.relativeError {
                            loss.worst = WorstBlock(row: row, block: block, relativeError: error / energy)
                        }
                    }
                }
                losses[index] = loss
            }
        }
        return losses.reduce(into: Loss()) { $0.add($1) }
    }
}
