// One file per way to be wrong as a file: each ends in a message with file, found and expected.

import Checkpoint
import Foundation
import Numerics
import TestSupport
import Testing

struct BrokenFileTests {
    @Test func rewrittenButSoundFolderOpens() throws {
        let broken = try BrokenCheckpoint()
        try broken.save()
        #expect(broken.complaint() == "opened")
    }

    // MARK: Files

    @Test func namesMissingFiles() throws {
        for name in ["config.json", "tokenizer.json"] {
            let broken = try BrokenCheckpoint()
            try FileManager.default.removeItem(at: broken.url(name))
            #expect(broken.complaint() == "\(name): found no such file or directory; expected a readable file")
        }
        let broken = try BrokenCheckpoint()
        try FileManager.default.removeItem(at: broken.url("model.safetensors"))
        #expect(broken.complaint().contains("found neither model.safetensors nor model.safetensors.index.json"))
    }

    @Test func namesAMissingFolderAndAFileInItsPlace() throws {
        let folder = try TemporaryFolder()
        let absent = folder.url.appending(path: "absent")
        #expect(
            throws: CheckpointError.file(
                absent.path + "/", found: "no such file or directory", expected: "a checkpoint folder")
        ) {
            try CheckpointFolder(at: absent)
        }
        try Data("x".utf8).write(to: absent)
        #expect(throws: CheckpointError.self) { try CheckpointFolder(at: absent) }
    }

    @Test func refusesSymbolicLinkLoopsAndFollowsSoundLinks() throws {
        let broken = try BrokenCheckpoint()
        try FileManager.default.moveItem(at: broken.url("model.safetensors"), to: broken.url("blob"))
        try FileManager.default.createSymbolicLink(
            at: broken.url("model.safetensors"), withDestinationURL: broken.url("blob"))
        #expect(broken.complaint() == "opened")
        try FileManager.default.removeItem(at: broken.url("blob"))
        try FileManager.default.createSymbolicLink(
            at: broken.url("blob"), withDestinationURL: broken.url("model.safetensors"))
        #expect(
            broken.complaint()
                == "model.safetensors: found too many levels of symbolic links; expected a readable file")
    }

    @Test(.enabled(if: getuid() != 0, "root reads everything"))
    func refusesWhatItMayNotRead() throws {
        let broken = try BrokenCheckpoint()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0], ofItemAtPath: broken.url("model.safetensors").path)
        #expect(broken.complaint() == "model.safetensors: found permission denied; expected a readable file")
    }

    @Test func refusesPipesFoldersAndEmptyFiles() throws {
        let broken = try BrokenCheckpoint()
        let path = broken.url("model.safetensors")
        try FileManager.default.removeItem(at: path)
        #expect(mkfifo(path.path, 0o644) == 0)
        #expect(broken.complaint().hasSuffix("found something that is not a regular file; expected a regular file"))
        try FileManager.default.removeItem(at: path)
        try FileManager.default.createDirectory(at: path, withIntermediateDirectories: false)
        #expect(broken.complaint().hasSuffix("found something that is not a regular file; expected a regular file"))
        try FileManager.default.removeItem(at: path)
        try Data().write(to: path)
        #expect(broken.complaint() == "model.safetensors: found 0 bytes; expected a file with content")
    }

    @Test func findsAFileChangedWhileInUse() throws {
        let broken = try BrokenCheckpoint()
        let folder = try CheckpointFolder(at: broken.folder.url)
        try folder.checkUnchanged()
        let handle = try FileHandle(forWritingTo: broken.url("model.safetensors"))
        try handle.truncate(atOffset: 800_000)
        try handle.close()
        #expect {
            try folder.checkUnchanged()
        } throws: { error in
            "\(error)".contains("found 800000 bytes: the file was changed while in use; expected 897368 bytes")
        }
    }

    // MARK: Header

    /// A sound entry of bytes.
    private static func entry(_ name: String, _ count: Int, _ begin: Int, _ end: Int) -> String {
        "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[\(count)],\"data_offsets\":[\(begin),\(end)]}"
    }

    static let headers: [(header: String, data: Int, message: String)] = [
        ("[]", 0, "found a header that does not begin with '{'; expected a safetensors file"),
        (
            "{" + entry("a", 1, 0, 1) + "," + entry("a", 1, 1, 2) + "}",
            2,
            "tensor 'a': found the name twice; expected every name once"
        ),
        (
            "{" + entry("a", 4, 0, 4) + "," + entry("b", 4, 2, 6) + "}",
            6,
            "tensor 'b': found an overlap: bytes begin at data offset 2; expected 4, where the tensor before ends"
        ),
        (
            "{" + entry("a", 4, 0, 4) + "," + entry("b", 4, 6, 10) + "}",
            10,
            "tensor 'b': found a hole: bytes begin at data offset 6; expected 4, where the tensor before ends"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 5,
            "found 69 bytes; expected 68, where the last tensor ends"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 3,
            "tensor 'a': found data_offsets [0, 4]; expected begin <= end <= 3"
        ),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,0]}}", 4,
            "tensor 'a': found data_offsets [4, 0]; expected begin <= end"
        ),
        (
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a': found 4 bytes; expected 8 bytes for F32 [2]"
        ),
        (
            "{\"a\":{\"dtype\":\"F7\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
            "tensor 'a': found dtype 'F7'; expected one of BOOL, U8"
        ),
        (
            "{\"a\":{\"dtype\":\"F64\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,0]}}", 0,
            "tensor 'a': found shape [4611686018427387904, 4]; expected a size in bytes below 2^63"
        ),
        (
            "{\"a\":{\"dtype\":\"F64\",\"shape\":[99999999999999999999],\"data_offsets\":[0,0]}}", 0,
            "found a number beyond 2^63"
        ),
        ("{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0, "found '-'"),
        ("{\"a\":{\"dtype\":\"U8\",\"shape\":[1.5],\"data_offsets\":[0,0]}}", 0, "found '.'"),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1,
            "tensor 'a': found 1 data_offsets; expected two"
        ),
        ("{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "tensor 'a': found no shape"),
        ("{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "tensor 'a': found no dtype"),
        (
            "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1,
            "found key 'dtype' of tensor 'a' twice"
        ),
        ("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":1}}", 1, "found key 'x' of tensor 'a'"),
        ("{\"__metadata__\":{\"format\":1}}", 0, "found '1'"),
        ("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "found a second '__metadata__'"),
        ("{\"a\":", 0, "found the end of the text"),
        ("{} x", 0, "found 'x'"),
        ("{\"\\ud800\":{}}", 0, "found a lone surrogate"),
        ("{\"__metadata__\":" + String(repeating: "{\"a\":", count: 100_000), 0, "expected a string"),
        (
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[" + Array(repeating: "1", count: 40).joined(separator: ",")
                + "],\"data_offsets\":[0,1]}}", 1,
            "expected at most 32 numbers"
        ),
    ]

    @Test(arguments: headers.indices)
    func refusesHeader(index: Int) throws {
        let (header, size, message) = Self.headers[index]
        let broken = try BrokenCheckpoint()
        try BrokenCheckpoint.file(header, Data(count: size)).write(to: broken.url("model.safetensors"))
        let complaint = broken.complaint()
        #expect(complaint.hasPrefix("model.safetensors: "))
        #expect(complaint.contains(message), "\(complaint)")
    }

    @Test func refusesLengthsThatCannotBe() throws {
        let broken = try BrokenCheckpoint()
        for (length, message) in [
            (UInt64(1) << 63, "found a header length of 9223372036854775808 bytes; expected at most 100000000"),
            (UInt64.max, "found a header length of 18446744073709551615 bytes; expected at most 100000000"),
            (100_000_001, "found a header length of 100000001 bytes; expected at most 100000000"),
            (
                1000,
                "found a header length of 1000 bytes in a file of 10 bytes; expected a header that ends inside the file"
            ),
            (0, "found a header that does not begin with '{'"),
        ] {
            let bytes = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
            try bytes.write(to: broken.url("model.safetensors"))
            #expect(broken.complaint().contains(message), "\(broken.complaint())")
        }
        try Data([1, 2, 3]).write(to: broken.url("model.safetensors"))
        #expect(
            broken.complaint() == "model.safetensors: found 3 bytes; expected at least the 8 bytes of a header length")
    }

    @Test func refusesEveryTruncation() throws {
        let broken = try BrokenCheckpoint()
        let whole = try Data(contentsOf: broken.url("model.safetensors"))
        let lengths = [whole.count - 1, whole.count / 2, 12_000, 11_384, 11_383, 5000, 9, 8, 7, 1]
        for length in lengths {
            try whole.prefix(length).write(to: broken.url("model.safetensors"))
            #expect(broken.complaint().hasPrefix("model.safetensors: "), "\(length)")
            #expect(broken.complaint().contains("expected"), "\(length)")
        }
    }

    // MARK: Shards

    /// The folder in two shards, the vision tensors apart.
    private func sharded(index change: (inout [String: String]) -> Void = { _ in }) throws -> BrokenCheckpoint {
        let broken = try BrokenCheckpoint()
        try FileManager.default.removeItem(at: broken.url("model.safetensors"))
        let isVision: (String) -> Bool = { $0.hasPrefix("vision_model.") }
        try broken.save(as: "one.safetensors", only: isVision)
        try broken.save(as: "two.safetensors") { !isVision($0) }
        var map: [String: String] = [:]
        for (name, _) in broken.tensors { map[name] = isVision(name) ? "one.safetensors" : "two.safetensors" }
        change(&map)
        try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(to: broken.url(ShardIndex.fileName))
        return broken
    }

    @Test func checksShardsAgainstTheIndexBothWays() throws {
        #expect(try sharded().complaint() == "opened")
        let norm = "language_model.model.norm.weight"
        let index = "model.safetensors.index.json"

        let missing = try sharded()
        try FileManager.default.removeItem(at: missing.url("one.safetensors"))
        #expect(missing.complaint() == "one.safetensors: found no such file or directory; expected a readable file")

        let absent = try sharded { $0[norm] = "three.safetensors" }
        #expect(absent.complaint() == "three.safetensors: found no such file or directory; expected a readable file")

        let unlisted = try sharded { $0[norm] = nil }
        #expect(unlisted.complaint().hasPrefix("two.safetensors: tensor '\(norm)': found a tensor that"))

        let elsewhere = try sharded { $0[norm] = "one.safetensors" }
        #expect(
            elsewhere.complaint().hasPrefix(
                "two.safetensors: tensor '\(norm)': found the tensor; expected it in one.safetensors"))

        let invented = try sharded { $0["invented"] = "one.safetensors" }
        #expect(
            invented.complaint().hasPrefix(
                "one.safetensors: tensor 'invented': found no such tensor; expected it there"))

        let outside = try sharded { $0[norm] = "../two.safetensors" }
        #expect(
            outside.complaint()
                == "\(index): key 'weight_map.\(norm)': found '../two.safetensors'; expected the name of a "
                + "file in the same folder"
        )

        let twice = try sharded()
        try twice.save(as: "one.safetensors") { $0.hasPrefix("vision_model.") || $0 == norm }
        #expect(twice.complaint().contains("tensor '\(norm)': found"))
    }
}
