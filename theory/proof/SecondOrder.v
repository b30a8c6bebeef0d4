(** * Expansions to second order, and their calculus

    [has_second_order] of [FurtherVocabulary.v]: a linear part, a quadratic part, and a remainder of
    third order.  Sums, products, compositions with a function of one variable that has three
    derivatives, and vectors of such functions have one ([second_plus], [second_times],
    [second_compose], [entries_second]). *)

From Coq Require Import Reals Lra List Lia FunctionalExtensionality.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Drift FurtherVocabulary Layered FiniteVectors Differentiation.
Set Implicit Arguments.
Open Scope R_scope.

Local Notation R1 := R_NormedModule.

(** ** Taylor's expansion in one variable, by the mean value theorem *)

Lemma mean_value_bound (u du : R -> R) (a x K : R) :
  (forall y, is_derive u y (du y)) -> (forall y, Rabs (y - a) <= Rabs (x - a) -> Rabs (du y) <= K) ->
  Rabs (u x - u a) <= K * Rabs (x - a).
Proof.
intros D H. destruct (@MVT_gen u a x du) as [c [Hc E]].
{ intros z _. apply D. }
{ intros z _. apply continuity_pt_filterlim. apply (@filterdiff_continuous R_AbsRing R1 R1). eexists. exact (D z). }
assert (E' : u x - u a = du c * (x - a)) by exact E. rewrite E', Rabs_mult.
apply Rmult_le_compat_r. apply Rabs_pos. apply H.
unfold Rabs. destruct (Rcase_abs (c - a)), (Rcase_abs (x - a)); unfold Rmin, Rmax in Hc; destruct (Rle_dec a x); lra.
Qed.
Lemma taylor_2 (f f1 f2 f3 : R -> R) (a : R) :
  (forall y, is_derive f y (f1 y)) -> (forall y, is_derive f1 y (f2 y)) -> (forall y, is_derive f2 y (f3 y)) ->
  continuous f3 a ->
  exists K d, 0 <= K /\ 0 < d /\ forall x, Rabs (x - a) < d ->
    Rabs (f x - f a - f1 a * (x - a) - / 2 * f2 a * (x - a) * (x - a)) <= K * Rabs (x - a) ^ 3.
Proof.
intros D1 D2 D3 C.
destruct (proj1 (@flim_norm R (locally a) _ R1 f3 (f3 a)) C (mkposreal 1 Rlt_0_1)) as [d Hd].
exists (Rabs (f3 a) + 1), d. split. { generalize (Rabs_pos (f3 a)); lra. } split. apply cond_pos.
intros x Hx. set (K := Rabs (f3 a) + 1).
assert (B3 : forall y, Rabs (y - a) <= Rabs (x - a) -> Rabs (f3 y) <= K).
{ intros y Hy. assert (X : Rabs (f3 y - f3 a) < 1). { apply (Hd y). change (Rabs (y - a) < d). lra. }
  replace (f3 y) with (f3 a + (f3 y - f3 a)) by ring. eapply Rle_trans. apply Rabs_triang. unfold K. lra. }
assert (B2 : forall y, Rabs (y - a) <= Rabs (x - a) -> Rabs (f2 y - f2 a) <= K * Rabs (x - a)).
{ intros y Hy. apply Rle_trans with (K * Rabs (y - a)).
  apply (@mean_value_bound f2 f3 a y K). exact D3. intros w Hw. apply B3. lra.
  apply Rmult_le_compat_l; auto. unfold K. generalize (Rabs_pos (f3 a)); lra. }
assert (B1 : forall y, Rabs (y - a) <= Rabs (x - a) -> Rabs (f1 y - f1 a - f2 a * (y - a)) <= K * Rabs (x - a) * Rabs (x - a)).
{ intros y Hy. apply Rle_trans with (K * Rabs (x - a) * Rabs (y - a)).
  - replace (f1 y - f1 a - f2 a * (y - a)) with ((fun y => f1 y - f2 a * (y - a)) y - (fun y => f1 y - f2 a * (y - a)) a) by ring.
    apply (@mean_value_bound (fun y => f1 y - f2 a * (y - a)) (fun y => f2 y - f2 a) a y).
    + intros w. assert (X : is_derive (fun y => f2 a * (y - a)) w (f2 a)) by (auto_derive; [exact I | ring]).
      exact (@is_derive_minus R_AbsRing R1 f1 (fun y => f2 a * (y - a)) w _ _ (D2 w) X).
    + intros w Hw. apply B2. lra.
  - apply Rmult_le_compat_l; auto. apply Rmult_le_pos. unfold K. generalize (Rabs_pos (f3 a)); lra. apply Rabs_pos. }
apply Rle_trans with (K * Rabs (x - a) * Rabs (x - a) * Rabs (x - a)). 2: right; ring.
replace (f x - f a - f1 a * (x - a) - / 2 * f2 a * (x - a) * (x - a)) with
  ((fun y => f y - f1 a * (y - a) - / 2 * f2 a * (y - a) * (y - a)) x - (fun y => f y - f1 a * (y - a) - / 2 * f2 a * (y - a) * (y - a)) a) by ring.
apply (@mean_value_bound (fun y => f y - f1 a * (y - a) - / 2 * f2 a * (y - a) * (y - a)) (fun y => f1 y - f1 a - f2 a * (y - a)) a x).
- intros w. assert (X : is_derive (fun y => f1 a * (y - a)) w (f1 a)) by (auto_derive; [exact I | ring]).
  assert (Y : is_derive (fun y => / 2 * f2 a * (y - a) * (y - a)) w (f2 a * (w - a))) by (auto_derive; [exact I | field]).
  exact (@is_derive_minus R_AbsRing R1 _ _ w _ _ (@is_derive_minus R_AbsRing R1 f _ w _ _ (D1 w) X) Y).
- intros w Hw. apply B1. lra.
Qed.

(** ** Real functions *)

Section Rules.
Variables (U : NM) (p : U).
Definition ex_second (f : U -> R) : Prop := exists l Q, has_second_order U R1 f p l Q.

(** What is known of one, with all constants in one, near [p]. *)
Lemma second_facts (f l Q : U -> R) : has_second_order U R1 f p l Q ->
  exists M, 0 <= M /\ (forall h, Rabs (l h) <= M * norm h) /\ (forall h, Rabs (Q h) <= M * (norm h * norm h)) /\
    (forall h h', Rabs (Q h' - Q h) <= M * ((norm h + norm h') * norm (minus h' h))) /\
    locally p (fun q => norm (minus q p) <= 1 /\ Rabs (f q - f p - (l (minus q p) + Q (minus q p))) <= M * norm (minus q p) ^ 3).
Proof.
intros [Hl [Hs [[M1 [P1 H1]] [M2 [P2 H2]]]]]. destruct (linear_bound Hl) as [M3 [P3 H3]].
set (M := M1 + M2 + M3). exists M.
assert (le1 : M1 <= M) by (unfold M; lra). assert (le2 : M2 <= M) by (unfold M; lra). assert (le3 : M3 <= M) by (unfold M; lra).
split; [unfold M; lra | split; [|split; [|split]]].
- intros h. eapply Rle_trans. apply H3. apply Rmult_le_compat_r; auto. apply norm_ge_0.
- intros h. assert (E : Q zero = 0).
  { transitivity (Q (scal (0 : R_AbsRing) (zero : U))). { apply f_equal. module U. }
    etransitivity. exact (Hs 0 zero). change (0 * 0 * Q zero = 0). ring. }
  assert (X := H1 zero h). change (Rabs (Q h + - Q zero) <= M1 * ((norm (zero : U) + norm h) * norm (minus h zero))) in X.
  assert (E0 : norm (zero : U) = 0) by exact (@norm_zero R_AbsRing U).
  rewrite E, E0, Rplus_0_l in X. replace (minus h zero) with h in X by module U.
  replace (Q h + - 0) with (Q h) in X by ring. eapply Rle_trans. exact X.
  apply Rmult_le_compat_r; auto. apply Rmult_le_pos; apply norm_ge_0.
- intros h h'. eapply Rle_trans. exact (H1 h h'). apply Rmult_le_compat_r; auto.
  apply Rmult_le_pos. generalize (norm_ge_0 h) (norm_ge_0 h'); lra. apply norm_ge_0.
- assert (B : locally p (fun q => norm (minus q p) < 1)).
  { apply (@locally_le_locally_norm R_AbsRing U). exists (mkposreal 1 Rlt_0_1). intros q Hq. exact Hq. }
  generalize (filter_and _ _ B H2). apply filter_imp. intros q [Q1 Q2]. split. lra.
  eapply Rle_trans. exact Q2. apply Rmult_le_compat_r; auto. apply pow_le, norm_ge_0.
Qed.
Lemma second_intro (f l Q : U -> R) (M M' : R) : is_linear (V := R1) l ->
  (forall (c : R) h, Q (scal (c : R_AbsRing) h) = c * c * Q h) ->
  0 <= M -> (forall h h', Rabs (Q h' - Q h) <= M * ((norm h + norm h') * norm (minus h' h))) ->
  0 <= M' -> locally p (fun q => Rabs (f q - f p - (l (minus q p) + Q (minus q p))) <= M' * norm (minus q p) ^ 3) ->
  ex_second f.
Proof.
intros Hl Hs HM H1 HM' H2. exists l, Q. split; [exact Hl | split; [exact Hs | split]].
exists M. split; auto. exists M'. split; auto.
Qed.

Lemma second_ext (f g : U -> R) : (forall x, f x = g x) -> ex_second f -> ex_second g.
Proof. intros E H. replace g with f. exact H. now apply functional_extensionality. Qed.
Lemma zero_quadratic (h h' : U) : Rabs (0 - 0) <= 0 * ((norm h + norm h') * norm (minus h' h)).
Proof. rewrite Rminus_0_r, Rabs_R0, Rmult_0_l. lra. Qed.
Lemma second_linear (l : U -> R) : is_linear (V := R1) l -> ex_second l.
Proof.
intros H. apply (@second_intro l l (fun _ => 0) 0 0 H); try lra. intros; ring. exact zero_quadratic.
apply filter_forall. intros q. assert (E : l (minus q p) = l q - l p) by exact (linear_minus l q p H).
rewrite E. replace (l q - l p - (l q - l p + 0)) with 0 by ring. rewrite Rabs_R0, Rmult_0_l. lra.
Qed.
Lemma second_const (c : R) : ex_second (fun _ => c).
Proof.
apply (@second_intro (fun _ => c) (fun _ => 0) (fun _ => 0) 0 0 (@is_linear_zero R_AbsRing U R1)); try lra. intros; ring. exact zero_quadratic.
apply filter_forall. intros q. replace (c - c - (0 + 0)) with 0 by ring. rewrite Rabs_R0, Rmult_0_l. lra.
Qed.
Lemma sum_of_linear (f g : U -> R) : is_linear (V := R1) f -> is_linear (V := R1) g -> is_linear (V := R1) (fun x => f x + g x).
Proof.
intros Hf Hg. exact (@is_linear_comp R_AbsRing _ _ R1 _ _ (@is_linear_prod R_AbsRing U R1 R1 _ _ Hf Hg) (@is_linear_plus R_AbsRing R1)).
Qed.
Lemma scaled_linear (c : R) (f : U -> R) : is_linear (V := R1) f -> is_linear (V := R1) (fun u => c * f u).
Proof. intros H. exact (@is_linear_comp R_AbsRing U R1 R1 _ _ H (@is_linear_scal_r R_AbsRing R1 (c : R_AbsRing) Rmult_comm)). Qed.

Lemma second_plus (f g : U -> R) : ex_second f -> ex_second g -> ex_second (fun x => f x + g x).
Proof.
intros [l [Q Hf]] [m [S Hg]].
destruct (second_facts Hf) as [A [A0 [A1 [A2 [A3 A4]]]]]. destruct (second_facts Hg) as [B [B0 [B1 [B2 [B3 B4]]]]].
apply (@second_intro _ (fun h => l h + m h) (fun h => Q h + S h) (A + B) (A + B)); try lra.
- apply sum_of_linear. exact (proj1 Hf). exact (proj1 Hg).
- intros c h. assert (E1 := proj1 (proj2 Hf) c h). assert (E2 := proj1 (proj2 Hg) c h).
  assert (E1' : Q (scal (c : R_AbsRing) h) = c * c * Q h) by exact E1. assert (E2' : S (scal (c : R_AbsRing) h) = c * c * S h) by exact E2.
  rewrite E1', E2'. ring.
- intros h h'. replace (Q h' + S h' - (Q h + S h)) with ((Q h' - Q h) + (S h' - S h)) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite Rmult_plus_distr_r. apply Rplus_le_compat; auto.
- generalize (filter_and _ _ A4 B4). apply filter_imp. intros q [[_ X] [_ Y]].
  replace (f q + g q - (f p + g p) - (l (minus q p) + m (minus q p) + (Q (minus q p) + S (minus q p)))) with
    ((f q - f p - (l (minus q p) + Q (minus q p))) + (g q - g p - (m (minus q p) + S (minus q p)))) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite Rmult_plus_distr_r. apply Rplus_le_compat; auto.
Qed.

(* the increment and its parts, for |h| <= 1 *)
Lemma increment_bound (a b r M n : R) : 0 <= M -> 0 <= n <= 1 -> Rabs a <= M * n -> Rabs b <= M * (n * n) -> Rabs r <= M * n ^ 3 ->
  Rabs (a + b + r) <= 3 * M * n /\ Rabs (b + r) <= 2 * M * (n * n).
Proof.
intros HM Hn Ha Hb Hr.
assert (n2 : n * n <= n) by nra. assert (n3 : n ^ 3 <= n * n) by (simpl; nra).
assert (M * (n * n) <= M * n) by now apply Rmult_le_compat_l. assert (M * n ^ 3 <= M * (n * n)) by now apply Rmult_le_compat_l.
split.
- eapply Rle_trans. apply Rabs_triang. eapply Rle_trans. apply Rplus_le_compat_r. apply Rabs_triang. lra.
- eapply Rle_trans. apply Rabs_triang. lra.
Qed.
Lemma product_of_linear (l m : U -> R) (A B : R) : is_linear (V := R1) l -> is_linear (V := R1) m ->
  0 <= A -> 0 <= B -> (forall h, Rabs (l h) <= A * norm h) -> (forall h, Rabs (m h) <= B * norm h) ->
  forall h h', Rabs (l h' * m h' - l h * m h) <= A * B * ((norm h + norm h') * norm (minus h' h)).
Proof.
intros Hl Hm HA HB A1 B1 h h'.
assert (E1 : l (minus h' h) = l h' - l h) by exact (linear_minus l h' h Hl).
assert (E2 : m (minus h' h) = m h' - m h) by exact (linear_minus m h' h Hm).
replace (l h' * m h' - l h * m h) with (l (minus h' h) * m h' + l h * m (minus h' h)) by (rewrite E1, E2; ring).
eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
apply Rle_trans with ((A * norm (minus h' h)) * (B * norm h') + (A * norm h) * (B * norm (minus h' h))).
- apply Rplus_le_compat; apply Rmult_le_compat; auto; apply Rabs_pos.
- right; ring.
Qed.

Lemma second_times (f g : U -> R) : ex_second f -> ex_second g -> ex_second (fun x => f x * g x).
Proof.
intros [l [Q Hf]] [m [S Hg]].
destruct (second_facts Hf) as [A [A0 [A1 [A2 [A3 A4]]]]]. destruct (second_facts Hg) as [B [B0 [B1 [B2 [B3 B4]]]]].
assert (Pf := Rabs_pos (f p)). assert (Pg := Rabs_pos (g p)).
assert (AB : 0 <= A * B) by now apply Rmult_le_pos.
apply (@second_intro _ (fun h => g p * l h + f p * m h) (fun h => g p * Q h + f p * S h + l h * m h)
   (Rabs (g p) * A + Rabs (f p) * B + A * B) (Rabs (f p) * B + Rabs (g p) * A + A * (2 * B) + 2 * A * (3 * B))).
- apply sum_of_linear; apply scaled_linear. exact (proj1 Hf). exact (proj1 Hg).
- intros c h. assert (E1 : Q (scal (c : R_AbsRing) h) = c * c * Q h) by exact (proj1 (proj2 Hf) c h).
  assert (E2 : S (scal (c : R_AbsRing) h) = c * c * S h) by exact (proj1 (proj2 Hg) c h).
  assert (E3 : l (scal (c : R_AbsRing) h) = c * l h) by exact (linear_scal l (proj1 Hf) c h).
  assert (E4 : m (scal (c : R_AbsRing) h) = c * m h) by exact (linear_scal m (proj1 Hg) c h).
  rewrite E1, E2, E3, E4. ring.
- assert (0 <= Rabs (g p) * A) by now apply Rmult_le_pos. assert (0 <= Rabs (f p) * B) by now apply Rmult_le_pos. lra.
- intros h h'. set (k := (norm h + norm h') * norm (minus h' h)).
  assert (X := product_of_linear (proj1 Hf) (proj1 Hg) A0 B0 A1 B1 h h'). fold k in X.
  assert (X1 := A3 h h'). fold k in X1. assert (X2 := B3 h h'). fold k in X2.
  replace (g p * Q h' + f p * S h' + l h' * m h' - (g p * Q h + f p * S h + l h * m h)) with
    (g p * (Q h' - Q h) + f p * (S h' - S h) + (l h' * m h' - l h * m h)) by ring.
  eapply Rle_trans. apply Rabs_triang. eapply Rle_trans. apply Rplus_le_compat_r. apply Rabs_triang. rewrite !(Rabs_mult _ (_ - _)).
  assert (Rabs (g p) * Rabs (Q h' - Q h) <= Rabs (g p) * (A * k)) by now apply Rmult_le_compat_l.
  assert (Rabs (f p) * Rabs (S h' - S h) <= Rabs (f p) * (B * k)) by now apply Rmult_le_compat_l. lra.
- assert (0 <= Rabs (g p) * A) by now apply Rmult_le_pos. assert (0 <= Rabs (f p) * B) by now apply Rmult_le_pos. lra.
- generalize (filter_and _ _ A4 B4). apply filter_imp. intros q [[n1 X] [_ Y]].
  set (h := minus q p) in *. assert (n0 := norm_ge_0 h). set (n := norm h) in *.
  set (r := f q - f p - (l h + Q h)) in *. set (t := g q - g p - (m h + S h)) in *.
  destruct (increment_bound (l h) (Q h) r A0 (conj n0 n1) (A1 h) (A2 h) X) as [_ I2].
  destruct (increment_bound (m h) (S h) t B0 (conj n0 n1) (B1 h) (B2 h) Y) as [J1 J2].
  assert (L1 : Rabs (l h) <= A * n) by exact (A1 h).
  assert (Ef : f q = f p + (l h + Q h + r)) by (unfold r; ring). assert (Eg : g q = g p + (m h + S h + t)) by (unfold t; ring).
  replace (f q * g q - f p * g p - (g p * l h + f p * m h + (g p * Q h + f p * S h + l h * m h))) with
    (f p * t + g p * r + (l h * (S h + t) + (Q h + r) * (m h + S h + t))) by (rewrite Ef, Eg; ring).
  apply Rle_trans with (Rabs (f p) * (B * n ^ 3) + Rabs (g p) * (A * n ^ 3) + (A * n * (2 * B * (n * n)) + 2 * A * (n * n) * (3 * B * n))).
  + eapply Rle_trans. apply Rabs_triang. apply Rplus_le_compat; (eapply Rle_trans; [apply Rabs_triang|]); rewrite !Rabs_mult;
      apply Rplus_le_compat; apply Rmult_le_compat; auto; try apply Rabs_pos; try apply Rle_refl.
  + right. ring.
Qed.

Lemma second_compose (phi phi1 phi2 phi3 : R -> R) (f : U -> R) :
  (forall y, is_derive phi y (phi1 y)) -> (forall y, is_derive phi1 y (phi2 y)) -> (forall y, is_derive phi2 y (phi3 y)) ->
  continuous phi3 (f p) -> ex_second f -> ex_second (fun x => phi (f x)).
Proof.
intros D1 D2 D3 C [l [Q Hf]]. destruct (taylor_2 D1 D2 D3 C) as [K [d [K0 [d0 T]]]].
destruct (second_facts Hf) as [A [A0 [A1 [A2 [A3 A4]]]]].
set (c1 := phi1 (f p)) in *. set (c2 := / 2 * phi2 (f p)) in *.
assert (P1 := Rabs_pos c1). assert (P2 := Rabs_pos c2).
assert (AA : 0 <= A * A) by now apply Rmult_le_pos.
apply (@second_intro _ (fun h => c1 * l h) (fun h => c1 * Q h + c2 * (l h * l h))
   (Rabs c1 * A + Rabs c2 * (A * A)) (Rabs c1 * A + Rabs c2 * (2 * A * (4 * A)) + K * (3 * A) ^ 3)).
- apply scaled_linear. exact (proj1 Hf).
- intros c h. assert (E1 : Q (scal (c : R_AbsRing) h) = c * c * Q h) by exact (proj1 (proj2 Hf) c h).
  assert (E3 : l (scal (c : R_AbsRing) h) = c * l h) by exact (linear_scal l (proj1 Hf) c h).
  rewrite E1, E3. ring.
- apply Rplus_le_le_0_compat; now apply Rmult_le_pos.
- intros h h'. set (k := (norm h + norm h') * norm (minus h' h)).
  assert (X := product_of_linear (proj1 Hf) (proj1 Hf) A0 A0 A1 A1 h h'). fold k in X.
  assert (X1 := A3 h h'). fold k in X1.
  replace (c1 * Q h' + c2 * (l h' * l h') - (c1 * Q h + c2 * (l h * l h))) with (c1 * (Q h' - Q h) + c2 * (l h' * l h' - l h * l h)) by ring.
  eapply Rle_trans. apply Rabs_triang. rewrite !(Rabs_mult _ (_ - _)).
  assert (Rabs c1 * Rabs (Q h' - Q h) <= Rabs c1 * (A * k)) by now apply Rmult_le_compat_l.
  assert (Rabs c2 * Rabs (l h' * l h' - l h * l h) <= Rabs c2 * (A * A * k)) by now apply Rmult_le_compat_l. lra.
- assert (0 <= (3 * A) ^ 3) by (apply pow_le; lra).
  repeat apply Rplus_le_le_0_compat; repeat apply Rmult_le_pos; auto; lra.
- assert (Cf : continuous (f : U -> R1) p).
  { assert (Z := A4). apply (proj2 (@flim_norm U (locally p) _ R1 f (f p))). intros eps.
    assert (Hd : 0 < eps / (3 * A + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | lra]).
    assert (N : locally p (fun q => norm (minus q p) < eps / (3 * A + 1))).
    { apply (@locally_le_locally_norm R_AbsRing U). exists (mkposreal _ Hd). intros q Hq. exact Hq. }
    generalize (filter_and _ _ A4 N). apply filter_imp. intros q [[n1 X] n2].
    set (h := minus q p) in *. assert (n0 := norm_ge_0 h).
    destruct (increment_bound (l h) (Q h) (f q - f p - (l h + Q h)) A0 (conj n0 n1) (A1 h) (A2 h) X) as [I1 _].
    change (Rabs (f q - f p) < eps). replace (f q - f p) with (l h + Q h + (f q - f p - (l h + Q h))) by ring.
    eapply Rle_lt_trans. exact I1. apply Rle_lt_trans with ((3 * A + 1) * norm h). apply Rmult_le_compat_r; lra.
    apply Rlt_le_trans with ((3 * A + 1) * (eps / (3 * A + 1))). apply Rmult_lt_compat_l; lra. right; field; lra. }
  assert (N : locally p (fun q => Rabs (f q - f p) < d)) by exact (proj1 (@flim_norm U (locally p) _ R1 f (f p)) Cf (mkposreal d d0)).
  generalize (filter_and _ _ A4 N). apply filter_imp. intros q [[n1 X] n2].
  set (h := minus q p) in *. assert (n0 := norm_ge_0 h). set (n := norm h) in *.
  set (r := f q - f p - (l h + Q h)) in *.
  destruct (increment_bound (l h) (Q h) r A0 (conj n0 n1) (A1 h) (A2 h) X) as [I1 I2].
  assert (Ef : f q - f p = l h + Q h + r) by (unfold r; ring).
  assert (Y := T (f q) n2). rewrite Ef in Y. set (a := l h + Q h + r) in *.
  set (rho3 := phi (f q) - phi (f p) - c1 * a - / 2 * phi2 (f p) * a * a) in *.
  replace (phi (f q) - phi (f p) - (c1 * l h + (c1 * Q h + c2 * (l h * l h)))) with
    (c1 * r + c2 * ((Q h + r) * (a + l h)) + rho3) by (unfold rho3, c2, a; ring).
  assert (I3 : Rabs (a + l h) <= 4 * A * n).
  { eapply Rle_trans. apply Rabs_triang. generalize (A1 h). fold n. lra. }
  apply Rle_trans with (Rabs c1 * (A * n ^ 3) + Rabs c2 * ((2 * A * (n * n)) * (4 * A * n)) + K * (3 * A * n) ^ 3).
  + eapply Rle_trans. apply Rabs_triang. apply Rplus_le_compat.
    * eapply Rle_trans. apply Rabs_triang. rewrite !(Rabs_mult c1), !(Rabs_mult c2), (Rabs_mult (Q h + r)).
      apply Rplus_le_compat; apply Rmult_le_compat_l; auto. apply Rmult_le_compat; auto; apply Rabs_pos.
    * eapply Rle_trans. exact Y. apply Rmult_le_compat_l; auto. apply pow_incr. split. apply Rabs_pos. exact I1.
  + right. ring.
Qed.
Lemma second_sum (B : Type) (names : list B) (f : B -> U -> R) :
  (forall k, In k names -> ex_second (f k)) -> ex_second (fun x => sum_over names (fun k => f k x)).
Proof.
induction names as [|k names IH]; intros H; simpl. apply second_const.
apply second_plus. apply H; now left. apply IH. intros; apply H; now right.
Qed.
End Rules.

(** ** Vectors *)

Section Pairs.
Variables (U : NM) (p : U).

Lemma second_pair (V W : NM) (f l Q : U -> V) (g m S : U -> W) :
  has_second_order U V f p l Q -> has_second_order U W g p m S ->
  has_second_order U (prod_NormedModule R_AbsRing V W) (fun u => (f u, g u)) p (fun h => (l h, m h)) (fun h => (Q h, S h)).
Proof.
intros [L1 [S1 [[M1 [P1 H1]] [N1 [R1' T1]]]]] [L2 [S2 [[M2 [P2 H2]] [N2 [R2 T2]]]]].
split; [now apply is_linear_prod | split; [|split]].
- intros c h. apply injective_projections. exact (S1 c h). exact (S2 c h).
- exists (M1 + M2). split. lra. intros h h'. eapply Rle_trans. exact (@pair_norm V W (minus (Q h') (Q h)) (minus (S h') (S h))).
  rewrite Rmult_plus_distr_r. now apply Rplus_le_compat.
- exists (N1 + N2). split. lra. generalize (filter_and _ _ T1 T2). apply filter_imp. intros q [X Y].
  eapply Rle_trans. exact (@pair_norm V W (minus (minus (f q) (f p)) (plus (l (minus q p)) (Q (minus q p)))) (minus (minus (g q) (g p)) (plus (m (minus q p)) (S (minus q p))))).
  rewrite Rmult_plus_distr_r. now apply Rplus_le_compat.
Qed.
Lemma coordinates_second n : forall (f : U -> Rn n),
  (forall i, (i <= n)%nat -> @ex_second U p (fun u => coordinate n i (f u))) -> exists l Q, has_second_order U (Rn n) f p l Q.
Proof.
induction n as [|n IH]; intros f H.
- exact (H 0%nat (le_n 0)).
- destruct (H 0%nat (PeanoNat.Nat.le_0_l _)) as [l0 [Q0 H0]].
  destruct (IH (fun u => snd (f u)) (fun i Hi => H (S i) (le_n_S _ _ Hi))) as [l [Q Hl]].
  exists (fun h => (l0 h, l h)), (fun h => (Q0 h, Q h)).
  replace f with (fun u => (fst (f u), snd (f u)) : Rn (S n)) by (apply functional_extensionality; intros u; symmetry; apply surjective_pairing).
  exact (second_pair H0 Hl).
Qed.
Lemma entries_second (A : Type) (same : A -> A -> bool) (names : list A) (f : U -> Vectors names) : naming same names ->
  (forall k, In k names -> @ex_second U p (fun u => entry same names (f u) k)) -> exists l Q, has_second_order U (Vectors names) f p l Q.
Proof.
intros Hn H. apply coordinates_second. intros i Hi. destruct (nth_name Hn Hi) as [k [E I]].
apply (second_ext (f := fun u => entry same names (f u) k)). { intros u. exact (entry_nth Hn (f u) i E). }
exact (H k I).
Qed.
End Pairs.
