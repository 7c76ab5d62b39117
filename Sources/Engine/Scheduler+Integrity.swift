// Whether the books balance: every page and every image explained by somebody who holds it.

extension Scheduler {
    /// Contradictions between what sequences and caches hold and what the pool counts; empty when all is well.
    /// Checked whenever the engine goes idle, and after every event in tests.
    package var problems: [String] {
        var problems = prefixes.problems
        var expected = [Int](repeating: 0, count: pool.count)
        for (number, sequence) in sequences {
            for page in sequence.pages { expected[Int(page)] += 1 }
            let isRunning = running.contains(number)
            if isRunning == waiting.contains(number) {
                problems.append("sequence \(number) is not in exactly one list")
            }
            if !isRunning, !sequence.pages.isEmpty || !sequence.heldImages.isEmpty {
                problems.append("sequence \(number) waits and holds \(sequence.pages.count) pages")
            }
            if sequence.written > sequence.pages.count * limits.pageTokens || sequence.written > sequence.count {
                problems.append(
                    "sequence \(number) has \(sequence.written) of \(sequence.count) positions written on "
                        + "\(sequence.pages.count) pages")
            }
        }
        if waiting.count + running.count != sequences.count {
            problems.append("\(waiting.count) wait and \(running.count) run of \(sequences.count) sequences")
        }
        for page in expected.indices where pool.references(of: Int32(page)) != expected[page] {
            problems.append(
                "page \(page) has \(pool.references(of: Int32(page))) references and \(expected[page]) holders")
        }
        let free = pool.freePages
        let unused = expected.count { $0 == 0 }
        if free.count != unused || Set(free).count != unused || pool.freeCount != unused {
            problems.append("\(free.count) pages are listed free, \(pool.freeCount) counted, \(unused) unused")
        }
        return problems + imageProblems
    }

    private var imageProblems: [String] {
        var problems: [String] = []
        var users: [Digest: Int] = [:]
        for sequence in sequences.values {
            for image in sequence.heldImages { users[image, default: 0] += 1 }
        }
        var bytes = 0
        for image in images.images {
            guard let entry = images.entry(image) else { continue }
            bytes += entry.bytes
            if entry.users != users[image, default: 0] {
                problems.append("image \(image) has \(entry.users) users and \(users[image, default: 0]) holders")
            }
        }
        for image in users.keys where images.entry(image) == nil { problems.append("image \(image) is held but gone") }
        if bytes != images.bytes { problems.append("images take \(bytes) bytes and \(images.bytes) are counted") }
        return problems
    }
}
