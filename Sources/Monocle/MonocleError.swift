// Whose fault an error is. The one place where the rooms' errors are sorted.

import Checkpoint
import Compute
import Engine
import Imaging
import Prompting
import Tokenization

/// An error of the library: what kind it is, and a message that names what was found, what was expected and where.
public struct MonocleError: Error, CustomStringConvertible {
    public enum Kind: Sendable {
        /// The question, an image, a document or an option.
        case input
        /// The model folder.
        case model
        /// This machine: memory, processor, a missing program.
        case device
        /// A defect of Monocle.
        case defect
    }
    public let kind: Kind
    public let description: String
    /// Whether an image, a document or a video is at fault.
    package var isOfImage = false

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// Sorts an error of any room.
    package init(_ error: any Error) {
        if let error = error as? MonocleError {
            self = error
        } else {
            self.init(Self.kind(of: error), "\(error)")
            isOfImage = error is ImagingError
        }
    }

    private static func kind(of error: any Error) -> Kind {
        switch error {
        case is ImagingError: .input
        case let error as PromptingError: error.isFaultOfModel ? .model : .input
        case CheckpointError.writing: .input
        case is CheckpointError, is TokenizationError: .model
        case let error as EngineError:
            switch error {
            case .nonFiniteLogits: .model
            case .inconsistent: .defect
            case .overloaded, .overloadedTokens: .device
            default: .input
            }
        case let error as ComputeError:
            switch error {
            case .outOfMemory, .device: .device
            case .instructionSet: .input
            case .unsupported: .model
            case .shape: .defect
            }
        default: .defect
        }
    }
}
