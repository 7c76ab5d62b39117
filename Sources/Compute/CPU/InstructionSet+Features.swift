// What each instruction set needs of a processor. Knows nothing of kernels.

extension InstructionSet {
    /// Processor features, by the names of `CPUFeatures`, without which the set cannot be used.
    package var requiredFeatures: [String] {
        switch self {
        case .scalar: []
        case .avx2: ["avx2", "fma", "f16c"]
        case .avx512:
            Self.avx2.requiredFeatures + ["avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni", "avx512bf16"]
        case .amx: Self.avx512.requiredFeatures + ["amx-tile", "amx-bf16"]
        }
    }

    /// Why this process does not use the set while it uses `chosen`; `.yes` when it is no faster than the chosen one.
    package func support(whileUsing chosen: InstructionSet, on processor: CPUFeatures) -> Support {
        guard self > chosen else { return .yes }
        let missing = requiredFeatures.filter { name in !processor.features.contains { $0.name == name && $0.present } }
        guard missing.isEmpty else { return .no(reason: "the processor lacks \(missing.joined(separator: ", "))") }
        return .no(reason: "\(Self.variable)=\(chosen) forces the slower set")
    }
}
