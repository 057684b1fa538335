"""The classifiers that downstream.py trains. All answer with the labels of the test texts."""

import re

import numpy as np
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline


def tfidf(c=1.0):
    """Words weighted by TF-IDF, logistic regression; everything else as scikit-learn has it."""
    return make_pipeline(TfidfVectorizer(), LogisticRegression(C=c, max_iter=2_000))


def tfidf_plain(train, test_texts, seed):
    return tfidf().fit(train.texts, train.labels).predict(test_texts)


STRENGTHS = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0]


def tfidf_tuned(train, test_texts, seed):
    """The strength of regularisation from five folds of the training rows.

    A row and its variants are in the same fold, and only rows are predicted: a variant in another
    fold than its parent would make weak regularisation look good.
    """
    texts = np.array(train.texts, dtype=object)
    hits = dict.fromkeys(STRENGTHS, 0)
    folds = GroupKFold(5, shuffle=True, random_state=seed)
    for inside, outside in folds.split(texts, train.labels, train.parents):
        originals = outside[~train.is_variant[outside]]
        vectors = TfidfVectorizer()
        known, unknown = vectors.fit_transform(texts[inside]), vectors.transform(texts[originals])
        for c in STRENGTHS:
            model = LogisticRegression(C=c, max_iter=2_000).fit(known, train.labels[inside])
            hits[c] += int((model.predict(unknown) == train.labels[originals]).sum())
    best = max(STRENGTHS, key=lambda c: (hits[c], -c))
    return tfidf(best).fit(train.texts, train.labels).predict(test_texts)


# --- The neural model ----------------------------------------------------------------------------

UPDATES, BATCH, LONGEST = 600, 50, 60
PADDING, UNKNOWN = 0, 1


class Convolutions(torch.nn.Module):
    """The model of Kim (2014), small, its word vectors learnt from the training rows alone."""

    def __init__(self, words):
        super().__init__()
        self.vectors = torch.nn.Embedding(words, 64, padding_idx=PADDING)
        self.filters = torch.nn.ModuleList(
            torch.nn.Conv1d(64, 64, width, padding=width - 1) for width in (3, 4, 5)
        )
        self.dropout = torch.nn.Dropout(0.5)
        self.out = torch.nn.Linear(3 * 64, 2)

    def forward(self, ids):
        vectors = self.dropout(self.vectors(ids)).transpose(1, 2)
        found = [torch.relu(filter(vectors)).amax(dim=2) for filter in self.filters]
        return self.out(self.dropout(torch.cat(found, dim=1)))


def convolutional(train, test_texts, seed):
    """The same number of updates whatever the number of rows, so that more rows are not more work.

    Unknown words are learnt by leaving out, now and then, words that are known.
    """
    torch.manual_seed(seed)
    numbers = {}
    for text in train.texts:
        for word in words_of(text):
            numbers.setdefault(word, len(numbers) + 2)
    ids = as_ids(train.texts, numbers)
    labels = torch.tensor(train.labels)
    model = Convolutions(len(numbers) + 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(UPDATES):
        if len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(ids))])
        rows, order = order[:BATCH], order[BATCH:]
        batch = ids[rows]
        forgotten = (torch.rand(batch.shape) < 0.05) & (batch != PADDING)
        loss = torch.nn.functional.cross_entropy(
            model(batch.masked_fill(forgotten, UNKNOWN)), labels[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.inference_mode():
        scores = [model(batch) for batch in as_ids(test_texts, numbers).split(500)]
    return torch.cat(scores).argmax(dim=1).numpy()


def words_of(text):
    return re.findall(r"\w+|[^\w\s]", text.lower())


def as_ids(texts, numbers):
    ids = torch.full((len(texts), LONGEST), PADDING)
    for row, text in enumerate(texts):
        found = [numbers.get(word, UNKNOWN) for word in words_of(text)[:LONGEST]]
        ids[row, : len(found)] = torch.tensor(found, dtype=torch.long)
    return ids


CLASSIFIERS = {
    "TF-IDF, logistic regression": tfidf_plain,
    "the same, `C` by cross-validation": tfidf_tuned,
    "convolutional network": convolutional,
}
