// Nil coalescing for right sides with typed throws, which the standard library's operator turns into `any Error`.

extension Optional {
    func or(_ fallback: @autoclosure () throws(CheckpointError) -> Wrapped?) throws(CheckpointError) -> Wrapped? {
        if let self { return self }
        return try fallback()
    }

    func or(_ fallback: @autoclosure () throws(CheckpointError) -> Wrapped) throws(CheckpointError) -> Wrapped {
        if let self { return self }
        return try fallback()
    }
}
