// What `doctor` finds: facts, and problems with what to do about each. Knows neither terminal nor JSON text.

import Checkpoint
package import Compute
package import Foundation
package import Imaging

/// The machine and, when one was named, a model on it.
package struct Diagnosis: Encodable {
    package struct Processor: Encodable {
        package let model: String
        package let cores: Int
        package let features: [String]
        package let missingFeatures: [String]
        /// Bytes of the data caches of levels 1, 2, 3; 0 when unknown.
        package let cacheBytes: [Int]
    }

    package struct Kernels: Encodable {
        package struct Slower: Encodable {
            package let instructionSet: String
            package let reason: String
        }

        package let instructionSet: String
        package let available: [String]
        /// Faster sets, and why they are not used.
        package let whyNotFaster: [Slower]
    }

    package struct Memory: Encodable {
        package let totalBytes: Int
        package let availableBytes: Int
        package let controlGroupLimitBytes: Int?
        /// What this process can take.
        package let usableBytes: Int
    }

    package struct Program: Encodable {
        package let name: String
        package let package: String
        package let purpose: String
        package let path: String?

        package init(_ program: RequiredProgram, path: String?) {
            name = program.name
            package = program.package
            purpose = program.purpose
            self.path = path
        }
    }

    package struct Problem: Encodable, Equatable {
        package let problem: String
        package let remedy: String
    }

    package let processor: Processor
    package let kernels: Kernels
    package let memory: Memory?
    package let programs: [Program]
    /// How far children that read untrusted files are confined; nil when that could not be found out.
    package let confinement: Confinement?
    package private(set) var model: ModelDiagnosis?
    package private(set) var problems: [Problem] = []
    private let host: HostMemory?
    private let chosen: InstructionSet
    private var modelIsAtFault = false

    private enum CodingKeys: CodingKey { case processor, kernels, memory, programs, confinement, model, problems }

    package init(
        processor: CPUFeatures, instructionSet: InstructionSet, memory: HostMemory?, programs: [Program],
        confinement: Confinement?
    ) {
        self.processor = Processor(
            model: processor.model, cores: processor.cores,
            features: processor.features.filter(\.present).map(\.name),
            missingFeatures: processor.features.filter { !$0.present }.map(\.name), cacheBytes: processor.caches)
        kernels = Kernels(
            instructionSet: instructionSet.rawValue, available: InstructionSet.available.map(\.rawValue),
            whyNotFaster: InstructionSet.allCases.reversed().compactMap { set in
                guard case .no(let reason) = set.support(whileUsing: instructionSet, on: processor) else { return nil }
                return Kernels.Slower(instructionSet: set.rawValue, reason: reason)
            })
        self.memory = memory.map {
            Memory(
                totalBytes: $0.total, availableBytes: $0.available, controlGroupLimitBytes: $0.limit,
                usableBytes: $0.usable)
        }
        self.programs = programs
        self.confinement = confinement
        host = memory
        chosen = instructionSet
        for program in programs where program.path == nil {
            problems.append(
                Problem(
                    problem: "\(program.name), which \(program.purpose), is not in PATH",
                    remedy: "apt-get install \(program.package)"))
        }
        problems += Confinement.gaps(confinement).map { Problem(problem: $0.problem, remedy: $0.remedy) }
        if memory == nil {
            problems.append(
                Problem(
                    problem: "/proc/meminfo does not say how much memory there is",
                    remedy: "mount /proc, or make sure by hand that the model fits"))
        }
    }

    /// Adds what the folder's model would use. A folder that cannot be opened becomes a problem.
    package mutating func examine(_ url: URL, precision: Precision, context: Int) throws {
        do throws(CheckpointError) {
            let folder = try CheckpointFolder(at: url)
            let found = try ModelDiagnosis(folder, instructionSet: chosen, precision: precision, context: context)
            problems += found.problems(within: host)
            model = found
        } catch {
            modelIsAtFault = true
            problems.append(
                Problem(problem: "\(error)", remedy: "`monocle inspect --verify` lists every fault of a folder"))
        }
    }

    /// How the process ends.
    package var exitCode: Int32 {
        if modelIsAtFault { return Failure.Code.model.rawValue }
        return problems.isEmpty ? 0 : Failure.Code.device.rawValue
    }
}
