// Errors as a person meets them: one message on standard error and an exit code for each kind of fault.

import ArgumentParser
import BenchmarkData
import CUDA
import Checkpoint
import Compute
import Datasets
import Documents
import Evaluation
import Foundation
import Monocle
import OpenAIAPI
import OpenAIClient
import Quantization
import Scoring
import Server
import Training

/// A fault the command line itself finds.
struct UsageError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

enum Failure {
    enum Code: Int32 {
        case usage = 2
        case model = 3
        case device = 4
        case defect = 70
    }

    /// Prints the error and ends the process with its code. Help and version requests end it with 0.
    static func exit(with error: any Error) -> Never {
        if let code = error as? ExitCode { Foundation.exit(code.rawValue) }  // the verb has said why
        if MonocleCommand.exitCode(for: error) == .success {
            print(MonocleCommand.fullMessage(for: error))
            Foundation.exit(0)
        }
        if let code = code(for: error) {
            report("\(error)")
            Foundation.exit(code.rawValue)
        }
        // What remains comes from the argument parser: unknown flags, missing or malformed values.
        let message = MonocleCommand.fullMessage(for: error)
        report(message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message)
        Foundation.exit(Code.usage.rawValue)
    }

    /// The code of an error that is not the argument parser's.
    private static func code(for error: any Error) -> Code? {
        if error is UsageError || error is SettingsError || error is LimitError || error is ScoringError {
            return .usage
        }
        if error is BatchError || error is ClientError { return .usage }
        if error is CUDAError { return .device }
        if let error = error as? QuantizationError { return error.isFaultOfModel ? .model : .usage }
        if let error = error as? EvaluationError { return error.isFaultOfModel ? .model : .usage }
        if let error = error as? DocumentsError {
            if case .missingFonts = error { return .device }
            if case .drawing = error { return .defect }
            return .usage
        }
        if error is DatasetError || error is BenchmarkDataError || error is ScoringError { return .usage }
        if let error = error as? TrainingError { return code(of: error) }
        let sorted = MonocleError(error)
        switch sorted.kind {
        case .input: return .usage
        case .model: return .model
        case .device: return .device
        case .defect: return error is MonocleError || error is ComputeError ? .defect : nil
        }
    }

    private static func code(of error: TrainingError) -> Code? {
        switch error {
        case .checkpoint(.writing): .usage
        case .checkpoint(let error): code(for: error)
        case .compute(let error): code(for: error)
        case .state, .notFinite, .scale: .usage
        case .shape, .target: .model
        }
    }

    static func warn(_ message: String) { report("warning: \(message)") }

    private static func report(_ message: String) {
        FileHandle.standardError.write(Data("monocle: \(message)\n".utf8))
    }
}
