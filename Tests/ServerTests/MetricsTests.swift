// Prometheus text: its form, and that what happens is counted.

import Foundation
import HummingbirdTesting
import Metrics
import Testing

@testable import Server

extension ServerTests {
    @Suite struct MetricsTests {
        @Test func valuesAreWrittenAsPrometheusReadsThem() {
            let registry = PrometheusRegistry()
            Counter(label: "a_total", dimensions: [("route", "x\"\n")], factory: registry).increment(by: 3)
            Gauge(label: "level", dimensions: [], factory: registry).record(1.5)
            let histogram = Recorder(label: "t_seconds", dimensions: [], aggregate: true, factory: registry)
            for value in [0.0005, 0.3, 1000] { histogram.record(value) }
            let lines = registry.text { $0 == "level" ? "other:level" : $0 }.split(separator: "\n")
            #expect(lines.contains(#"a_total{route="x\"\n"} 3"#))
            #expect(lines.contains("# TYPE other:level gauge") && lines.contains("other:level 1.5"))
            #expect(
                lines.contains(#"t_seconds_bucket{le="0.001"} 1"#) && lines.contains(#"t_seconds_bucket{le="0.5"} 2"#))
            #expect(lines.contains(#"t_seconds_bucket{le="+Inf"} 3"#) && lines.contains("t_seconds_count 3"))
        }

        /// A router that starts with a replica finds at once what its file names.
        @Test func aFreshServerHasTheMetricsOfTheRoutersFile() async throws {
            let file = URL(filePath: #filePath).appending(path: "../../../deploy/router-engine.yaml").standardized
            let names = try String(contentsOf: file, encoding: .utf8).matches(of: #/Spec: (\w+)/#).map(\.output.1)
            #expect(names.count >= 4)
            try await ServerFixture.serve { client, _ in
                let text = try await client.get("/metrics").body
                for name in names { #expect(text.contains("# TYPE \(name) gauge\n"), "\(name)") }
            }
        }

        @Test func requestsAreCounted() async throws {
            var settings = ServerSettings()
            settings.metricsNames = .vllm
            try await ServerFixture.serve(settings) { client, _ in
                _ = try await client.post(
                    "/v1/chat/completions", ServerFixture.chat("hi", "\"max_tokens\": 3, \"ignore_eos\": true"))
                let text = try await client.get("/metrics").body
                #expect(text.contains("vllm:generation_tokens_total 3\n"))
                #expect(text.contains("vllm:time_to_first_token_seconds_count 1\n"))
                #expect(text.contains("vllm:inter_token_latency_seconds_count 2\n"))
                #expect(text.contains(#"vllm:request_success_total{finished_reason="length"} 1"#))
                #expect(text.contains(#"vllm:cache_config_info{block_size="16",num_gpu_blocks=""#))
                #expect(text.contains(#"monocle_http_requests_total{route="/v1/chat/completions",status="200"} 1"#))
            }
        }
    }
}
