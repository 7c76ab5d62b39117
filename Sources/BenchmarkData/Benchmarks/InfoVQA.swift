// InfoVQA, the validation questions: texts and sums about infographics. Knows its columns only.

struct InfoVQA: RowReader {
    func takes(split: String) -> Bool { split != "test" && split != "train" }

    func read(_ row: TableRow) throws(PromptFault) -> RowReading {
        try DocumentRow.read(row, groupedBy: ["answer_type", "operation/reasoning", "category"])
    }
}
