// What a run makes smaller: the loss of a batch and its gradients. Knows nothing of steps, data or files.

package import Compute

/// The loss of a student, and how its parameters enter the forward pass.
package struct Objective: Sendable {
    package enum Measure: String, Sendable, CaseIterable {
        /// Forward KL divergence from the teacher.
        case kl
        /// Cross-entropy with the true tokens.
        case ce
        /// Mean square of the difference to the teacher's logits.
        case mse
    }

    package let measure: Measure
    /// Needed by `kl` and `mse`.
    package let teacher: TrainableModel?
    /// Names of the parameters that are trained.
    package let trains: @Sendable (_ name: String) -> Bool
    /// What stands for the parameters in the forward pass.
    package let forward: @Sendable (TrainableModel, any DifferentiableBackend) throws(TrainingError) -> ForwardWeights
    /// The parameters as they will be exported: what validation looks at.
    package let deployed: @Sendable (Parameters) -> Parameters
    /// Layers are computed twice instead of being kept; nothing else changes.
    package let recomputesLayers: Bool

    package init(
        measure: Measure = .ce, teacher: TrainableModel? = nil,
        trains: @escaping @Sendable (_ name: String) -> Bool = { _ in true },
        forward:
            @escaping @Sendable (TrainableModel, any DifferentiableBackend) throws(TrainingError) -> ForwardWeights = {
                (_: TrainableModel, _: any DifferentiableBackend) throws(TrainingError) -> ForwardWeights in
                ForwardWeights()
            },
        deployed: @escaping @Sendable (Parameters) -> Parameters = { $0 }, recomputesLayers: Bool = false
    ) {
        self.measure = measure
        self.teacher = teacher
        self.trains = trains
        self.forward = forward
        self.deployed = deployed
        self.recomputesLayers = recomputesLayers
    }

    /// Whether a parameter of the vision encoder or the projector is trained.
    private func trainsVision(_ model: TrainableModel) -> Bool {
        model.names.contains { trains($0) && ($0.hasPrefix("vision_model.") || $0.hasPrefix("mlp1.")) }
    }

    /// Loss and logits of a batch, and the gradient of every parameter when asked for.
    package func run(
        _ batch: Batch, _ model: TrainableModel, on backend: any DifferentiableBackend, differentiates: Bool
    ) throws(TrainingError) -> (loss: Loss, logits: Tensor, gradients: [Tensor?]) {
        let autodiff = Autodiff(
            backend, parameters: differentiates ? model.nodes(where: trains) : [],
            forward: try forward(model, backend), recomputesLayers: recomputesLayers)
        // A frozen encoder embeds the images once for student and teacher.
        let images = try batch.embeddings(of: model.network, on: autodiff)
        let logits = try batch.logits(of: model.network, images: images, on: autodiff)
        let loss: Loss
        switch (measure, teacher) {
        case (.kl, let teacher?), (.mse, let teacher?):
            let seen = trainsVision(model) ? try batch.embeddings(of: teacher.network, on: backend) : images
            let wanted = try batch.logits(of: teacher.network, images: seen, on: backend)
            loss =
                measure == .kl
                ? try Loss.forwardKL(logits, teacher: wanted, on: backend)
                : try Loss.meanSquare(logits, teacher: wanted, on: backend)
        default:
            loss = try Loss.crossEntropy(logits, targets: batch.targets.map { $0 }, on: backend)
        }
        guard differentiates else { return (loss, logits, []) }
        guard loss.value.isFinite else { throw .notFinite(what: "the loss") }
        let gradients = try TrainingError.computing { () throws(ComputeError) in
            try autodiff.gradients(of: logits, seed: loss.gradient)
        }
        return (loss, logits, model.gradients(gradients))
    }
}
