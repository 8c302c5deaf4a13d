"""Identity, contacts, the record, questionnaires and answers."""
