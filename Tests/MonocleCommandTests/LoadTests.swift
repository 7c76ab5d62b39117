// `monocle bench serve` against servers: its report, and what servers make of load, of leaving clients and of SIGTERM.

import Foundation
import TestSupport
import Testing

@Suite(.serialized) struct LoadTests {
    /// A load test that runs beside the test.
    private final class Load {
        private let process = Process()
        private let output = Pipe()

        init(_ url: String, _ arguments: [String]) throws {
            process.executableURL = Program.url
            process.arguments = ["bench", "serve", "--base-url", url, "--json"] + arguments
            process.standardOutput = output
            try process.run()
        }

        var isRunning: Bool { process.isRunning }

        /// Waits for the end.
        func report() throws -> [String: Any] {
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
    }

    private static let small = ["--level", "0", "--different", "8", "--output-tokens", "8-24"]

    /// A number of a server's metrics; 0 where it has none.
    private static func metric(_ name: String, _ server: RunningServer) throws -> Double {
        let text = try ServeTests.run(["curl", "-s", server.url + "/metrics"]).output
        let lines = text.split(separator: "\n").filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
        return lines.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }

    private static func descriptors(_ server: RunningServer) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.process.processIdentifier)/fd").count
    }

    /// Asks until `isTrue`, for a minute at most.
    private static func waited(_ isTrue: () throws -> Bool) throws -> Bool {
        let deadline = Date(timeIntervalSinceNow: 60)
        while Date() < deadline {
            if try isTrue() { return true }
            usleep(20_000)
        }
        return false
    }

    @Test func everyRequestIsReported() throws {
        let server = try RunningServer()
        let report = try Load(server.url, Self.small + ["--num-prompts", "10", "--max-concurrency", "3"]).report()
        #expect(report["completed"] as? Int == 10 && report["failed"] as? Int == 0 && report["rejected"] as? Int == 0)
        let tokens = try #require(report["total_output_tokens"] as? Int)
        #expect((80...240).contains(tokens))
        #expect((report["mean_ttft_ms"] as? Double ?? 0) > 0 && report["model_id"] as? String == "monocle-mini")
        #expect(server.stop() == 0)
    }

    @Test func optionsThatAreNoneAreRefused() throws {
        for (arguments, word) in [
            (["--request-rate", "nan"], "request-rate"), (["--request-rate", "0"], "request-rate"),
            (["--goodput", "foo:1"], "goodput"), (["--goodput", "ttft:-1"], "goodput"),
            (["--output-tokens", "9-3"], "output-tokens"), (["--abandon", "2"], "abandon"),
            (["--level", "7"], "level"),
            (["--folder", "/nowhere"], "/nowhere"), (["--base-url", "localhost:8000"], "localhost:8000"),
            (["--base-url", "http://127.0.0.1:9"], "does not answer"), (["--detail", "some"], "detail"),
        ] {
            let run = try Program.run(["bench", "serve", "--num-prompts", "1"] + arguments)
            #expect(run.code == 2 && run.errors.contains(word), "\(arguments): \(run.errors)")
        }
    }

    @Test func overloadIsRefusedAndWhatIsTakenIsAnswered() throws {
        let server = try RunningServer(["--limit", "requests=2"])
        let report = try Load(server.url, Self.small + ["--num-prompts", "60", "--request-rate", "400"]).report()
        let (completed, rejected) = (report["completed"] as? Int ?? 0, report["rejected"] as? Int ?? 0)
        #expect(completed >= 2 && rejected > 0 && completed + rejected == 60, "\(report)")
        let refused = (report["refusals"] as? [String: [String: Any]])?["503"]
        #expect(refused?["count"] as? Int == rejected)
        #expect(server.stop() == 0)
    }

    @Test func clientsThatLeaveGiveEverythingBack() throws {
        let server = try RunningServer()
        // What is made once, with the first requests, is no leak.
        _ = try Load(server.url, Self.small + ["--num-prompts", "16", "--max-concurrency", "8"]).report()
        #expect(try Self.waited { try Self.metric("monocle_requests_in_flight", server) == 0 })
        let before = try Self.descriptors(server)
        // Answers that nobody could read within the two seconds, and others meanwhile that are read to their end.
        let leaving = try Load(
            server.url,
            [
                "--level", "1", "--different", "10", "--output-tokens", "3000", "--num-prompts", "24", "--num-warmups",
                "0", "--max-concurrency", "8", "--abandon", "1",
            ])
        let staying = try Load(server.url, Self.small + ["--num-prompts", "16", "--max-concurrency", "4"])
        let (left, stayed) = (try leaving.report(), try staying.report())
        #expect(left["abandoned"] as? Int == 24 && left["failed"] as? Int == 0, "\(left)")
        #expect(stayed["completed"] as? Int == 16, "\(stayed)")
        #expect(try Self.waited { try Self.metric("monocle_requests_in_flight", server) == 0 })
        #expect(try Self.waited { try Self.metric("monocle_requests_running", server) == 0 })
        #expect(try Self.metric("monocle_kv_cache_usage_ratio", server) == 0)
        #expect(try Self.metric("monocle_engine_inconsistencies_total", server) == 0)
        #expect(try Self.waited { try Self.descriptors(server) <= before })
        #expect(server.stop() == 0)
    }

    @Test func aKilledDecoderCostsItsRequestAndNoOther() throws {
        let server = try RunningServer()
        let load = try Load(
            server.url,
            [
                "--level", "2", "--output-tokens", "4", "--num-prompts", "16", "--max-concurrency", "4",
                "--num-warmups", "0",
            ])
        var killed: Set<pid_t> = []
        while load.isRunning, killed.count < 4 {
            for child in Self.children(of: server.process.processIdentifier) where kill(child, SIGKILL) == 0 {
                killed.insert(child)
            }
            usleep(5000)
        }
        let report = try load.report()
        let (completed, rejected) = (report["completed"] as? Int ?? 0, report["rejected"] as? Int ?? 0)
        #expect(killed.count >= 4 && rejected >= 1 && rejected <= killed.count, "\(killed.count): \(report)")
        #expect(completed + rejected == 16 && report["failed"] as? Int == 0, "\(report)")
        #expect(try Self.metric("monocle_requests_in_flight", server) == 0)
        #expect(server.stop() == 0)
    }

    /// Processes that a process has started.
    private static func children(of parent: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { process in
            // The parent is the second word after the name, which stands in parentheses.
            let line = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
            let words = line.split(separator: ")").last?.split(separator: " ") ?? []
            return words.count > 1 && pid_t(words[1]) == parent
        }
    }

    @Test func sigtermUnderLoadLosesNothingThatWasBegun() throws {
        let server = try RunningServer()
        let load = try Load(server.url, Self.small + ["--num-prompts", "4000", "--max-concurrency", "8"])
        #expect(try Self.waited { try Self.metric("monocle_requests_finished_total", server) >= 20 })
        #expect(server.stop() == 0)
        let report = try load.report()
        #expect((report["completed"] as? Int ?? 0) >= 20)
        for reason in (report["failures"] as? [String: Int] ?? [:]).keys {
            #expect(reason.contains("does not answer"), "\(reason)")
        }
    }

    private static let nginx = Installed.program("nginx")

    @Test(.enabled(if: nginx != nil, "needs nginx (Scripts/test.sh installs one)"))
    func twoReplicasBehindNginxServeWhileOneStops() throws {
        let nginx = try #require(Self.nginx)
        let replicas = [try RunningServer(), try RunningServer()]
        let proxy = try Proxy(nginx, replicas)
        let load = try Load(proxy.url, Self.small + ["--num-prompts", "240", "--max-concurrency", "8"])
        #expect(try Self.waited { try Self.metric("monocle_requests_finished_total", replicas[0]) >= 20 })
        #expect(replicas[0].stop() == 0)
        let report = try load.report()
        #expect(report["completed"] as? Int == 240, "\(report)")
        #expect((report["mean_itl_ms"] as? Double ?? 0) > 0)
        #expect(try Self.metric("monocle_requests_finished_total", replicas[1]) >= 20)
        withExtendedLifetime(proxy) {}
    }
}

/// nginx with the configuration of `deploy/`, its ports exchanged.
private final class Proxy {
    let url: String
    private let process = Process()
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init(_ program: String, _ replicas: [RunningServer]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try Self.freePort()
        url = "http://127.0.0.1:\(port)"
        let deployed = URL(filePath: #filePath).appending(path: "../../../deploy/nginx.conf").standardized
        var text = try String(contentsOf: deployed, encoding: .utf8)
        for (name, value) in [
            ("listen 8080", "listen 127.0.0.1:\(port)"), ("127.0.0.1:8001", try Self.address(replicas[0])),
            ("127.0.0.1:8002", try Self.address(replicas[1])),
        ] {
            #expect(text.contains(name))
            text = text.replacing(name, with: value)
        }
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path)/\($0);" }
        let configuration = """
            daemon off;
            user \(NSUserName());
            pid \(folder.path)/pid;
            error_log \(folder.path)/errors;
            events {}
            http {
            access_log off;
            \(paths.joined(separator: "\n"))
            \(text)
            }
            """
        let file = folder.appending(path: "nginx.conf")
        try Data(configuration.utf8).write(to: file)
        process.executableURL = URL(filePath: program)
        process.arguments = ["-p", folder.path, "-e", folder.path + "/errors", "-c", file.path]
        try process.run()
        for _ in 0..<500 where (try? Self.connect(port)) != true { usleep(10_000) }
    }

    deinit {
        process.terminate()
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func address(_ server: RunningServer) throws -> String {
        try #require(server.url.split(separator: "/").last.map(String.init))
    }

    /// Whether somebody accepts connections there.
    private static func connect(_ port: UInt16) throws -> Bool {
        try withSocket(port) { socket, address in
            Foundation.connect(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }

    private static func freePort() throws -> UInt16 {
        try withSocket(0) { socket, address in
            try #require(bind(socket, address, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0)
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            try #require(getsockname(socket, UnsafeMutablePointer(mutating: address), &length) == 0)
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                UInt16(bigEndian: $0.pointee.sin_port)
            }
        }
    }

    private static func withSocket<Value>(
        _ port: UInt16, _ body: (Int32, UnsafePointer<sockaddr>) throws -> Value
    ) throws -> Value {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return try withUnsafeMutablePointer(to: &address) { pointer in
            try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { try body(descriptor, $0) }
        }
    }
}
