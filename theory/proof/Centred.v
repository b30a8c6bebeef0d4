(** * The centred estimator is of second order

    Run phase 2 twice from the same steady state, with [+ beta] and with [- beta] at the same [eta],
    and take the mean of the normalised updates.  Its error is [O(beta^2 + kappa^2)], [kappa = eta / beta]
    ([centred_error]), where that of one run is [O(|beta| + |kappa|)] with the leading terms
    [beta a + kappa b] ([first_order_error]).

    Idea.  In units of [beta] the displacement of state and parameters is
    [u_t + beta a_t + kappa b_t + O(beta^2 + kappa^2)] with coefficients that know neither [beta] nor
    [kappa] ([phase_expands]): each step preserves the form.  The run with [- beta] at the same [eta]
    has [- kappa], so that both first-order terms change sign and the mean is free of them.
    It takes one derivative more than Theorem 1: [F] and [dPhi/dtheta] to second order, the loss
    gradient to first order, with remainders of the next order. *)

From Coq Require Import Reals Lra Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Network.
From CEP Require Export FurtherVocabulary.
Set Implicit Arguments.
Open Scope R_scope.

Lemma Rabs_sq (x : R) : Rabs x * Rabs x = x * x.
Proof. rewrite <- Rabs_mult. apply Rabs_right. nra. Qed.

(** ** Expansions along a filter *)
Section Expansion.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta kappa : T -> R.
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis Hk : filterlim kappa FF (locally (0:R)).
Local Notation order2 := (fun x => beta x * beta x + kappa x * kappa x).
Local Notation order1 := (fun x => Rabs (beta x) + Rabs (kappa x)).

(** [f = v + beta a + kappa b + O(beta^2 + kappa^2)] *)
Definition expands (V : NM) (f : T -> V) (v a b : V) : Prop :=
  bigO FF V (fun x => minus (f x) (plus v (plus (scal (beta x : R_AbsRing) a) (scal (kappa x : R_AbsRing) b)))) order2.

Lemma small_numbers : FF (fun x => Rabs (beta x) <= 1 /\ Rabs (kappa x) <= 1).
Proof.
assert (A : forall f : T -> R, filterlim f FF (locally (0:R)) -> FF (fun x => Rabs (f x) <= 1)).
{ intros f Hf. assert (X := proj1 (@flim_norm T FF HF R_NormedModule _ _) Hf (mkposreal 1 Rlt_0_1)).
  revert X. apply filter_imp. intros x X. change (Rabs (f x + - 0) < 1) in X. rewrite Ropp_0, Rplus_0_r in X. lra. }
exact (filter_and _ _ (A _ Hb) (A _ Hk)).
Qed.
Lemma order2_pos x : 0 <= order2 x.
Proof. cbv beta. nra. Qed.

Section Rules.
Variables U V : NM.
Lemma expands_ext (f h : T -> V) v a b : FF (fun x => f x = h x) -> expands V f v a b -> expands V h v a b.
Proof. intros E H. refine (@bO_ext T FF HF V _ _ _ _ H). revert E. apply filter_imp. intros x <-. reflexivity. Qed.
Lemma expands_eq (f : T -> V) v a b v' a' b' : v = v' -> a = a' -> b = b' -> expands V f v a b -> expands V f v' a' b'.
Proof. intros -> -> ->. auto. Qed.
Lemma expands_const (v : V) : expands V (fun _ => v) v zero zero.
Proof.
exists 0. split. lra. apply filter_forall. intros x. cbv beta.
match goal with |- norm ?e <= _ => assert (E : e = zero) by module V; rewrite E end. rewrite norm_zero. right; ring.
Qed.
Lemma expands_plus (f h : T -> V) v a b v' a' b' : expands V f v a b -> expands V h v' a' b' ->
  expands V (fun x => plus (f x) (h x)) (plus v v') (plus a a') (plus b b').
Proof.
intros H1 H2. refine (@bO_ext T FF HF V _ _ _ _ (@bO_plus T FF HF V _ _ _ H1 H2)). apply filter_forall. intros x. cbv beta. module V.
Qed.
Lemma expands_minus (f h : T -> V) v a b v' a' b' : expands V f v a b -> expands V h v' a' b' ->
  expands V (fun x => minus (f x) (h x)) (minus v v') (minus a a') (minus b b').
Proof.
intros H1 H2. refine (@bO_ext T FF HF V _ _ _ _ (@bO_minus T FF HF V _ _ _ H1 H2)). apply filter_forall. intros x. cbv beta. module V.
Qed.
Lemma expands_linear (l : U -> V) (f : T -> U) v a b : is_linear l -> expands U f v a b ->
  expands V (fun x => l (f x)) (l v) (l a) (l b).
Proof.
intros Hl H. refine (@bO_ext T FF HF V _ _ _ _ (@bO_lin T FF HF U V l _ _ Hl H)). apply filter_forall. intros x. cbv beta.
etransitivity. exact (linear_minus l _ _ Hl). f_equal.
etransitivity. exact (linear_plus l Hl _ _). f_equal. etransitivity. exact (linear_plus l Hl _ _).
f_equal; exact (linear_scal l Hl _ _).
Qed.
Lemma expands_pair (f : T -> U) (h : T -> V) v a b v' a' b' : expands U f v a b -> expands V h v' a' b' ->
  expands (prod_NormedModule R_AbsRing U V) (fun x => (f x, h x)) (v, v') (a, a') (b, b').
Proof. intros H1 H2. refine (@bO_ext T FF HF (prod_NormedModule R_AbsRing U V) _ _ _ _ (@bO_pair T FF HF U V _ _ _ H1 H2)). apply filter_forall. intros x. reflexivity. Qed.

(** To lowest order. *)
Lemma expands_first (f : T -> V) v a b : expands V f v a b -> bigO FF V (fun x => minus (f x) v) order1.
Proof.
intros [K [K0 H]]. exists (2 * K + (norm a + norm b)). split. generalize (norm_ge_0 a) (norm_ge_0 b); lra.
generalize (filter_and _ _ H small_numbers). apply filter_imp. intros x [A [B1 B2]]. cbv beta in A |- *.
replace (minus (f x) v) with (plus (minus (f x) (plus v (plus (scal (beta x : R_AbsRing) a) (scal (kappa x : R_AbsRing) b))))
  (plus (scal (beta x : R_AbsRing) a) (scal (kappa x : R_AbsRing) b))) by module V.
eapply Rle_trans. apply norm_triangle.
assert (C : norm (plus (scal (beta x : R_AbsRing) a) (scal (kappa x : R_AbsRing) b)) <= Rabs (beta x) * norm a + Rabs (kappa x) * norm b).
{ eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat; right; apply norm_scal_R. }
assert (Pa := norm_ge_0 a). assert (Pb := norm_ge_0 b). assert (P1 := Rabs_pos (beta x)). assert (P2 := Rabs_pos (kappa x)).
assert (S1 : beta x * beta x <= Rabs (beta x)) by (rewrite <- (Rabs_sq (beta x)); nra).
assert (S2 : kappa x * kappa x <= Rabs (kappa x)) by (rewrite <- (Rabs_sq (kappa x)); nra).
nra.
Qed.

Lemma expands_bounded (f : T -> V) v a b : expands V f v a b -> exists K, 0 <= K /\ FF (fun x => norm (f x) <= K).
Proof.
intros H. destruct (expands_first H) as [K [K0 HK]]. exists (2 * K + norm v). split. generalize (norm_ge_0 v); lra.
generalize (filter_and _ _ HK small_numbers). apply filter_imp. intros x [A [B1 B2]]. cbv beta in A.
replace (f x) with (plus (minus (f x) v) v) by module V.
eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_r. eapply Rle_trans. exact A. nra.
Qed.

(** Multiplied by [beta] or [kappa], only the lowest order counts. *)
Lemma expands_times_beta (f : T -> V) v : bigO FF V (fun x => minus (f x) v) order1 ->
  expands V (fun x => scal (beta x : R_AbsRing) (f x)) zero v zero.
Proof.
intros H. refine (@bO_ext T FF HF V _ _ _ _ (@bO_le T FF HF V _ _ order2 2 _ _ (@bO_scal T FF HF V beta _ _ H))).
- apply filter_forall. intros x. cbv beta. module V.
- lra.
- apply filter_forall. intros x. rewrite <- (Rabs_sq (beta x)), <- (Rabs_sq (kappa x)).
  assert (P := Rabs_pos (beta x)). assert (Q := Rabs_pos (kappa x)). nra.
Qed.
Lemma expands_times_kappa (f : T -> V) v : bigO FF V (fun x => minus (f x) v) order1 ->
  expands V (fun x => scal (kappa x : R_AbsRing) (f x)) zero zero v.
Proof.
intros H. refine (@bO_ext T FF HF V _ _ _ _ (@bO_le T FF HF V _ _ order2 2 _ _ (@bO_scal T FF HF V kappa _ _ H))).
- apply filter_forall. intros x. cbv beta. module V.
- lra.
- apply filter_forall. intros x. rewrite <- (Rabs_sq (beta x)), <- (Rabs_sq (kappa x)).
  assert (P := Rabs_pos (beta x)). assert (Q := Rabs_pos (kappa x)). nra.
Qed.
Lemma expands_of_order2 (f : T -> V) : bigO FF V f order2 -> expands V f zero zero zero.
Proof. intros H. refine (@bO_ext T FF HF V _ _ _ _ H). apply filter_forall. intros x. module V. Qed.
Lemma order1_to_0 : filterlim order1 FF (locally (0:R)).
Proof.
apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (He : 0 < eps / 2) by (generalize (cond_pos eps); lra).
generalize (filter_and _ _ (proj1 (@flim_norm T FF HF R_NormedModule _ _) Hb (mkposreal _ He)) (proj1 (@flim_norm T FF HF R_NormedModule _ _) Hk (mkposreal _ He))).
apply filter_imp. intros x [A B]. change (Rabs (beta x + - 0) < eps / 2) in A. change (Rabs (kappa x + - 0) < eps / 2) in B.
rewrite Ropp_0, Rplus_0_r in A, B. change (Rabs (Rabs (beta x) + Rabs (kappa x) + - 0) < eps).
rewrite Ropp_0, Rplus_0_r, Rabs_right. lra. generalize (Rabs_pos (beta x)) (Rabs_pos (kappa x)). lra.
Qed.
Lemma expands_limit (f : T -> V) v a b : expands V f v a b -> filterlim f FF (locally v).
Proof. intros H. exact (@bO_lim T FF HF V f _ v order1_to_0 (expands_first H)). Qed.
End Rules.

Section Nonlinear.
Variables U V : NM.
Variables (z : T -> U) (p v a b : U).
Hypothesis Hz : expands U (fun x => scal (/ beta x : R_AbsRing) (minus (z x) p)) v a b.
Local Notation q x := (scal (/ beta x : R_AbsRing) (minus (z x) p)).

Lemma displacement : FF (fun x => minus (z x) p = scal (beta x : R_AbsRing) (q x)).
Proof. revert Hb0. apply filter_imp. intros x Hx. module_field U. Qed.
Lemma back_to_rest : filterlim z FF (locally p).
Proof. exact (@flim_back T FF HF U beta z p v Hb Hb0 (expands_limit Hz)). Qed.

Lemma quadratic_first (Q : U -> V) : (exists M, 0 <= M /\ forall h h', norm (minus (Q h') (Q h)) <= M * ((norm h + norm h') * norm (minus h' h))) ->
  bigO FF V (fun x => minus (Q (q x)) (Q v)) order1.
Proof.
intros [M [M0 HM]]. destruct (expands_first Hz) as [K [K0 HK]]. destruct (expands_bounded Hz) as [L [L0 HL]].
exists (M * ((norm v + L) * K)). assert (Nv := norm_ge_0 v). split. repeat apply Rmult_le_pos; lra.
generalize (filter_and _ _ HK HL). apply filter_imp. intros x [A B]. cbv beta in A.
eapply Rle_trans. apply HM. rewrite !Rmult_assoc. apply Rmult_le_compat_l; auto.
apply Rmult_le_compat; auto. generalize (norm_ge_0 (q x)); lra. apply norm_ge_0. lra.
Qed.

(** A difference quotient of [f], when [f] has second order. *)
Lemma expands_quotient (f : U -> V) (l Q : U -> V) : has_second_order U V f p l Q ->
  expands V (fun x => scal (/ beta x : R_AbsRing) (minus (f (z x)) (f p))) (l v) (plus (l a) (Q v)) (l b).
Proof.
intros [Hl [Hh [HQ [M [M0 HM]]]]].
assert (Rem : bigO FF V (fun x => scal (/ beta x : R_AbsRing) (minus (minus (f (z x)) (f p)) (plus (l (minus (z x) p)) (Q (minus (z x) p))))) order2).
{ destruct (expands_bounded Hz) as [L [L0 HL]]. exists (M * L ^ 3). split. apply Rmult_le_pos; auto. now apply pow_le.
  assert (N : FF (fun x => norm (minus (minus (f (z x)) (f p)) (plus (l (minus (z x) p)) (Q (minus (z x) p)))) <= M * norm (minus (z x) p) ^ 3)) by exact (back_to_rest HM).
  generalize (filter_and _ _ (filter_and _ _ Hb0 N) (filter_and _ _ HL displacement)). apply filter_imp. intros x [[Bx A] [B D]].
  eapply Rle_trans. right; apply norm_scal_R.
  assert (E : norm (minus (z x) p) = Rabs (beta x) * norm (q x)) by (rewrite D at 1; apply norm_scal_R). rewrite E in A.
  assert (P := Rabs_pos_lt _ Bx). rewrite Rabs_inv.
  apply Rle_trans with (/ Rabs (beta x) * (M * (Rabs (beta x) * norm (q x)) ^ 3)).
  apply Rmult_le_compat_l. left. now apply Rinv_0_lt_compat. exact A.
  replace (/ Rabs (beta x) * (M * (Rabs (beta x) * norm (q x)) ^ 3)) with (M * norm (q x) ^ 3 * (Rabs (beta x) * Rabs (beta x))) by (field; lra).
  rewrite Rabs_sq. assert (Nq : norm (q x) ^ 3 <= L ^ 3) by (apply pow_incr; split; [apply norm_ge_0 | exact B]).
  assert (N0 : 0 <= norm (q x) ^ 3) by (apply pow_le; apply norm_ge_0). assert (0 <= beta x * beta x) by nra. assert (0 <= kappa x * kappa x) by nra.
  apply Rmult_le_compat. now apply Rmult_le_pos. lra. now apply Rmult_le_compat_l. lra. }
refine (@expands_ext V _ _ _ _ _ _ (@expands_eq V _ _ _ _ _ _ _ _ _ _ (expands_plus (expands_plus (expands_linear Hl Hz) (expands_times_beta _ _ (quadratic_first Q HQ))) (expands_of_order2 Rem)))).
- generalize (filter_and _ _ Hb0 displacement). apply filter_imp. intros x [Bx D]. cbv beta.
  assert (E1 : l (minus (z x) p) = scal (beta x : R_AbsRing) (l (q x))) by (rewrite D at 1; exact (linear_scal l Hl _ _)).
  assert (E2 : Q (minus (z x) p) = scal (beta x * beta x : R_AbsRing) (Q (q x))) by (rewrite D at 1; apply Hh).
  rewrite E1, E2. module_field V.
- module V.
- module V.
- module V.
Qed.

(** A value of [f], when its remainder is quadratic. *)
Lemma expands_value (f : U -> V) (l : U -> V) : is_linear l -> quadratic_remainder U V f p l ->
  expands V (fun x => f (z x)) (f p) (l v) zero.
Proof.
intros Hl [M [M0 HM]].
assert (Rem : bigO FF V (fun x => minus (minus (f (z x)) (f p)) (l (minus (z x) p))) order2).
{ destruct (expands_bounded Hz) as [L [L0 HL]]. exists (M * (L * L)). split. repeat apply Rmult_le_pos; auto.
  assert (N : FF (fun x => norm (minus (minus (f (z x)) (f p)) (l (minus (z x) p))) <= M * (norm (minus (z x) p) * norm (minus (z x) p)))) by exact (back_to_rest HM).
  generalize (filter_and _ _ N (filter_and _ _ HL displacement)). apply filter_imp. intros x [A [B D]].
  assert (E : norm (minus (z x) p) = Rabs (beta x) * norm (q x)) by (rewrite D at 1; apply norm_scal_R). rewrite E in A.
  eapply Rle_trans. exact A.
  replace (Rabs (beta x) * norm (q x) * (Rabs (beta x) * norm (q x))) with (norm (q x) * norm (q x) * (Rabs (beta x) * Rabs (beta x))) by ring.
  rewrite Rabs_sq, (Rmult_assoc M). apply Rmult_le_compat_l; auto. assert (N0 := norm_ge_0 (q x)). assert (0 <= kappa x * kappa x) by nra. assert (0 <= beta x * beta x) by nra.
  apply Rmult_le_compat; auto. now apply Rmult_le_pos. apply Rmult_le_compat; auto. lra. }
refine (@expands_ext V _ _ _ _ _ _ (@expands_eq V _ _ _ _ _ _ _ _ _ _ (expands_plus (expands_plus (expands_const V (f p)) (expands_times_beta _ _ (expands_first (expands_linear Hl Hz)))) (expands_of_order2 Rem)))).
- generalize displacement. apply filter_imp. intros x D.
  cbv beta.
  assert (E1 : l (minus (z x) p) = scal (beta x : R_AbsRing) (l (q x))) by (rewrite D at 1; exact (linear_scal l Hl _ _)).
  rewrite E1. module V.
- module V.
- module V.
- module V.
Qed.
End Nonlinear.
End Expansion.

(** A function with second order is differentiable. *)
Lemma second_order_diff (U V : NM) (f : U -> V) p l Q : has_second_order U V f p l Q -> filterdiff f (locally p) l.
Proof.
intros [Hl [Hh [[M1 [P1 H1]] [M2 [P2 H2]]]]]. apply quadratic_remainder_diff. exact Hl.
exists (M1 + M2). split. lra.
assert (N : locally p (fun q => norm (minus q p) < 1)).
{ exact (@locally_le_locally_norm R_AbsRing U p _ (ex_intro _ (mkposreal 1 Rlt_0_1) (fun q H => H))). }
generalize (filter_and _ _ H2 N). apply filter_imp. intros q [A B].
set (h := minus q p) in *.
assert (Q0 : Q zero = zero).
{ assert (E : Q (scal (0 : R_AbsRing) h) = scal (0 * 0 : R_AbsRing) (Q h)) by apply Hh.
  rewrite sc0 in E. etransitivity. exact E. module V. }
assert (NQ : norm (Q h) <= M1 * (norm h * norm h)).
{ assert (X := H1 zero h). rewrite Q0, (@norm_zero R_AbsRing U), Rplus_0_l in X.
  assert (E1 : minus (Q h) zero = Q h) by module V. assert (E2 : minus h zero = h) by module U. rewrite E1, E2 in X. exact X. }
replace (minus (minus (f q) (f p)) (l h)) with (plus (minus (minus (f q) (f p)) (plus (l h) (Q h))) (Q h)) by module V.
eapply Rle_trans. apply norm_triangle. assert (P := norm_ge_0 h).
assert (M2 * norm h ^ 3 <= M2 * (norm h * norm h)) by (apply Rmult_le_compat_l; auto; simpl; nra).
rewrite Rmult_plus_distr_r. lra.
Qed.

(** ** C-EP *)

Section CEP.
Variable N : network.
Variables (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N).
Variables (QF : State N * Param N -> State N) (QPhi : State N * Param N -> Param N) (hessian : State N -> State N).
Hypothesis smooth : second_order_at_rest N DF DPhi_theta QF QPhi hessian.
Hypothesis at_rest : settled N.
Local Notation Z := (joint N).
Local Notation rest := ((s_star N, theta N) : Z).
Local Notation J := (dF_ds DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation g := (grad_ell N (s_star N)).

(** The coefficients: of order 0, and in [beta] and in [kappa] at first order. *)
Fixpoint order_0 (t : nat) : State N := match t with O => zero | S t => minus (J (order_0 t)) g end.
Fixpoint order_beta (t : nat) : State N :=
  match t with O => zero | S t => minus (plus (J (order_beta t)) (QF (order_0 t, zero))) (hessian (order_0 t)) end.
Fixpoint order_kappa (t : nat) : State N :=
  match t with O => zero | S t => DF (order_kappa t, C (order_0 t)) end.

Lemma derivatives_exist : derivatives N DF DPhi_theta.
Proof. destruct smooth as [S1 [S2 _]]. split; eapply second_order_diff; eassumption. Qed.
Lemma C_is_linear : is_linear C.
Proof. exact (@dPhi_theta_ds_linear _ _ _ _ _ _ (proj2 derivatives_exist)). Qed.
Lemma J_is_linear : is_linear J.
Proof. exact (@dF_ds_linear _ _ _ _ _ _ (proj1 derivatives_exist)). Qed.
Lemma order_0_increment t : minus (order_0 (S t)) (order_0 t) = opp (iterate J t g).
Proof.
induction t as [|t IH]; simpl.
- assert (E : J zero = zero) by exact (linear_zero _ J_is_linear). rewrite E. module (State N).
- transitivity (J (minus (order_0 (S t)) (order_0 t))).
  + assert (E : J (minus (order_0 (S t)) (order_0 t)) = minus (J (order_0 (S t))) (J (order_0 t))) by exact (linear_minus _ _ _ J_is_linear).
    rewrite E. simpl. module (State N).
  + rewrite IH. exact (linear_opp _ _ J_is_linear).
Qed.

Section Filter.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta eta : T -> R.
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis He0 : FF (fun x => eta x <> 0).
Hypothesis Hk : filterlim (fun x => eta x / beta x) FF (locally (0:R)).
Local Notation kappa := (fun x => eta x / beta x).
Local Notation z t x := (cep N (beta x) (eta x) t).
Local Notation exp V f v a b := (expands FF beta kappa V f v a b).
Local Notation phase_form t := (exp Z (fun x => scal (/ beta x : R_AbsRing) (minus (z t x : Z) rest)) (order_0 t, zero) (order_beta t, zero) (order_kappa t, C (order_0 t))).

Lemma state_form t : phase_form t ->
  exp (State N) (fun x => scal (/ beta x : R_AbsRing) (minus (fst (z t x)) (s_star N))) (order_0 t) (order_beta t) (order_kappa t).
Proof. intros H. exact (@expands_linear T FF HF beta kappa Z (State N) (fun h : Z => fst h) _ _ _ _ (@is_linear_fst R_AbsRing (State N) (Param N)) H). Qed.

Lemma next_state_form t : phase_form t ->
  exp (State N) (fun x => scal (/ beta x : R_AbsRing) (minus (fst (z (S t) x)) (s_star N))) (order_0 (S t)) (order_beta (S t)) (order_kappa (S t)).
Proof.
intros H. destruct smooth as [S1 [_ [Lh Rh]]].
assert (X1 := @expands_quotient T FF HF beta kappa Hb Hb0 Hk Z (State N) (fun x => z t x) rest _ _ _ H (F N) DF QF S1).
assert (X2 := @expands_value T FF HF beta kappa Hb Hb0 Hk (State N) (State N) (fun x => fst (z t x)) (s_star N) _ _ _ (state_form t H) (grad_ell N) hessian Lh Rh).
assert (X3 := @expands_minus T FF HF beta kappa (State N) _ _ _ _ _ _ _ _ X1 X2).
refine (@expands_ext T FF HF beta kappa (State N) _ _ _ _ _ _ (@expands_eq T FF beta kappa (State N) _ _ _ _ _ _ _ _ _ _ X3)).
- revert Hb0. apply filter_imp. intros x Hx. rewrite at_rest.
  change (fst (z (S t) x)) with (minus (F N (z t x)) (scal (beta x : R_AbsRing) (grad_ell N (fst (z t x))))). module_field (State N).
- reflexivity.
- reflexivity.
- simpl. module (State N).
Qed.

Lemma rule_form t : phase_form t ->
  exp (Param N) (fun x => scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))))
    (minus (C (order_0 (S t))) (C (order_0 t)))
    (minus (plus (C (order_beta (S t))) (QPhi (order_0 (S t), zero))) (plus (C (order_beta t)) (QPhi (order_0 t, zero))))
    (minus (DPhi_theta (order_kappa (S t), C (order_0 t))) (DPhi_theta (order_kappa t, C (order_0 t)))).
Proof.
intros H. destruct smooth as [_ [S2 _]].
assert (Xth := @expands_linear T FF HF beta kappa Z (Param N) (fun h : Z => snd h) _ _ _ _ (@is_linear_snd R_AbsRing (State N) (Param N)) H).
assert (H' : exp Z (fun x => scal (/ beta x : R_AbsRing) (minus ((fst (z (S t) x), snd (z t x)) : Z) rest)) (order_0 (S t), zero) (order_beta (S t), zero) (order_kappa (S t), C (order_0 t)))
  by exact (@expands_pair T FF HF beta kappa (State N) (Param N) _ _ _ _ _ _ _ _ (next_state_form t H) Xth).
assert (X1 := @expands_quotient T FF HF beta kappa Hb Hb0 Hk Z (Param N) (fun x => (fst (z (S t) x), snd (z t x))) rest _ _ _ H' (Phi_theta N) DPhi_theta QPhi S2).
assert (X2 := @expands_quotient T FF HF beta kappa Hb Hb0 Hk Z (Param N) (fun x => z t x) rest _ _ _ H (Phi_theta N) DPhi_theta QPhi S2).
refine (@expands_ext T FF HF beta kappa (Param N) _ _ _ _ _ _ (@expands_minus T FF HF beta kappa (Param N) _ _ _ _ _ _ _ _ X1 X2)).
apply filter_forall. intros x. unfold ep_rule; cbn [fst snd]. module (Param N).
Qed.

(** The displacement, in units of [beta]. *)
Theorem phase_expands t : phase_form t.
Proof.
induction t as [|t IH].
- assert (E : forall x, scal (/ beta x : R_AbsRing) (minus (z 0 x : Z) rest) = (zero, zero)).
  { intros x. simpl. assert (E : minus rest rest = zero) by apply (plus_opp_r rest). etransitivity. apply f_equal. exact E. apply (sc_zero Z). }
  refine (@expands_ext T FF HF beta kappa Z _ _ _ _ _ _ (@expands_eq T FF beta kappa Z _ _ _ _ _ _ _ _ _ _ (@expands_const T FF HF beta kappa Z zero))).
  + apply filter_forall. intros x. symmetry. apply E.
  + reflexivity.
  + reflexivity.
  + assert (E1 : C zero = zero) by exact (linear_zero _ C_is_linear). simpl. rewrite E1. reflexivity.
- assert (Xr := @expands_times_kappa T FF HF beta kappa (Param N) _ _ (@expands_first T FF HF beta kappa Hb Hk (Param N) _ _ _ _ (rule_form t IH))).
  assert (Xth := @expands_linear T FF HF beta kappa Z (Param N) (fun h : Z => snd h) _ _ _ _ (@is_linear_snd R_AbsRing (State N) (Param N)) IH).
  assert (Xs := @expands_plus T FF HF beta kappa (Param N) _ _ _ _ _ _ _ _ Xth Xr).
  refine (@expands_ext T FF HF beta kappa Z _ _ _ _ _ _ (@expands_eq T FF beta kappa Z _ _ _ _ _ _ _ _ _ _
    (@expands_pair T FF HF beta kappa (State N) (Param N) _ _ _ _ _ _ _ _ (next_state_form t IH) Xs))).
  + apply filter_forall. intros x.
    change (z (S t) x) with (nudged_step (F N) (grad_ell N) (ep_rule (Phi_theta N)) (beta x) (eta x) (z t x)).
    apply injective_projections. reflexivity.
    change (plus (scal (/ beta x : R_AbsRing) (minus (snd (z t x)) (theta N))) (scal (eta x / beta x : R_AbsRing) (scal (/ beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x)))))
      = scal (/ beta x : R_AbsRing) (minus (plus (snd (z t x)) (scal (eta x / beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))))) (theta N))).
    module (Param N).
  + f_equal. simpl. module (Param N).
  + f_equal. simpl. module (Param N).
  + f_equal. simpl. module (Param N).
Qed.

(** The updates with their leading errors. *)
Theorem Delta_expands t :
  exp (State N) (fun x => Delta_state N t (beta x) (eta x)) (opp (iterate J t g))
    (minus (order_beta (S t)) (order_beta t)) (minus (order_kappa (S t)) (order_kappa t)) /\
  exp (Param N) (fun x => Delta_param N t (beta x) (eta x)) (opp (C (iterate J t g)))
    (minus (plus (C (order_beta (S t))) (QPhi (order_0 (S t), zero))) (plus (C (order_beta t)) (QPhi (order_0 t, zero))))
    (minus (DPhi_theta (order_kappa (S t), C (order_0 t))) (DPhi_theta (order_kappa t, C (order_0 t)))).
Proof.
split.
- refine (@expands_ext T FF HF beta kappa (State N) _ _ _ _ _ _ (@expands_eq T FF beta kappa (State N) _ _ _ _ _ _ _ _ _ _
    (@expands_minus T FF HF beta kappa (State N) _ _ _ _ _ _ _ _ (state_form (S t) (phase_expands (S t))) (state_form t (phase_expands t))))).
  + apply filter_forall. intros x. unfold Delta_state, Delta_s. change (1 + t)%nat with (S t). fold (z (S t) x) (z t x). module (State N).
  + apply order_0_increment.
  + reflexivity.
  + reflexivity.
- refine (@expands_ext T FF HF beta kappa (Param N) _ _ _ _ _ _ (@expands_eq T FF beta kappa (Param N) _ _ _ _ _ _ _ _ _ _ (rule_form t (phase_expands t)))).
  + generalize (filter_and _ _ Hb0 He0). apply filter_imp. intros x [Hbx Hex]. unfold Delta_param, Delta_theta. change (1 + t)%nat with (S t).
    fold (z (S t) x) (z t x).
    change (snd (z (S t) x)) with (plus (snd (z t x)) (scal (eta x / beta x : R_AbsRing) (ep_rule (Phi_theta N) (z t x, fst (z (S t) x))))).
    module_field (Param N).
  + etransitivity. symmetry. exact (linear_minus _ _ _ C_is_linear).
    etransitivity. apply f_equal. exact (order_0_increment t). exact (linear_opp _ _ C_is_linear).
  + reflexivity.
  + reflexivity.
Qed.
End Filter.

(** ** The mean of two runs *)
Section Mean.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables beta eta : T -> R.
Hypothesis Hb : filterlim beta FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => beta x <> 0).
Hypothesis He0 : FF (fun x => eta x <> 0).
Hypothesis Hk : filterlim (fun x => eta x / beta x) FF (locally (0:R)).
Local Notation order2 := (fun x => beta x * beta x + eta x / beta x * (eta x / beta x)).

Lemma mean_of_expansions (V : NM) (f f' : T -> V) (v a b : V) :
  expands FF beta (fun x => eta x / beta x) V f v a b ->
  expands FF (fun x => - beta x) (fun x => eta x / - beta x) V f' v a b ->
  bigO FF V (fun x => minus (scal (/ 2 : R_AbsRing) (plus (f x) (f' x))) v) order2.
Proof.
intros H1 [K [K0 H2]].
assert (H2' : bigO FF V (fun x => minus (f' x) (plus v (plus (scal (- beta x : R_AbsRing) a) (scal (eta x / - beta x : R_AbsRing) b)))) order2).
{ exists K. split; auto. generalize (filter_and _ _ Hb0 H2). apply filter_imp. intros x [Hx A]. eapply Rle_trans. exact A. right. f_equal. field; auto. }
assert (S := @bO_plus T FF HF V _ _ _ H1 H2'). destruct S as [L [L0 HL]]. exists (/ 2 * L). split. lra.
generalize (filter_and _ _ Hb0 HL). apply filter_imp. intros x [Hx A]. cbv beta in A |- *.
match type of A with norm ?e <= _ => assert (E : minus (scal (/ 2 : R_AbsRing) (plus (f x) (f' x))) v = scal (/ 2 : R_AbsRing) e) by module_field V end.
rewrite E. eapply Rle_trans. right; apply norm_scal_R. rewrite Rabs_right by lra. rewrite Rmult_assoc. apply Rmult_le_compat_l; lra.
Qed.
Lemma opposite_run : filterlim (fun x => - beta x) FF (locally (0:R)) /\ FF (fun x => - beta x <> 0) /\
  filterlim (fun x => eta x / - beta x) FF (locally (0:R)).
Proof.
assert (O : forall f : T -> R, filterlim f FF (locally (0:R)) -> filterlim (fun x => - f x) FF (locally (0:R))).
{ intros f Hf. assert (X := @flim_opp T FF R_NormedModule f 0 Hf). assert (E : @opp R_NormedModule 0 = 0) by apply Ropp_0. rewrite E in X. exact X. }
split; [exact (O beta Hb)|]. split. revert Hb0. apply filter_imp. intros x Hx. lra.
eapply filterlim_ext_loc; [|exact (O _ Hk)]. revert Hb0. apply filter_imp. intros x Hx. field; auto.
Qed.

Theorem centred_order_two t :
  bigO FF (State N) (fun x => plus (centred_Delta_state N t (beta x) (eta x)) (iterate J t g)) order2 /\
  bigO FF (Param N) (fun x => plus (centred_Delta_param N t (beta x) (eta x)) (C (iterate J t g))) order2.
Proof.
destruct opposite_run as [Hb' [Hb0' Hk']].
destruct (@Delta_expands T FF HF beta eta Hb Hb0 He0 Hk t) as [A1 A2].
destruct (@Delta_expands T FF HF (fun x => - beta x) eta Hb' Hb0' He0 Hk' t) as [B1 B2].
split.
- refine (@bO_ext T FF HF (State N) _ _ _ _ (@mean_of_expansions (State N) _ _ _ _ _ A1 B1)).
  apply filter_forall. intros x. unfold centred_Delta_state. module (State N).
- refine (@bO_ext T FF HF (Param N) _ _ _ _ (@mean_of_expansions (Param N) _ _ _ _ _ A2 B2)).
  apply filter_forall. intros x. unfold centred_Delta_param. module (Param N).
Qed.
End Mean.

(** ** Against BPTT *)
Hypothesis primitive : has_primitive_function N.
Hypothesis loss : loss_differentiable N.
Variables (t : nat) (g_s : State N) (g_th : Param N).
Hypothesis bptt_state : is_nabla_s N t g_s.
Hypothesis bptt_param : is_nabla_theta N t g_th.

Lemma gradients_are_powers : g_s = iterate J t g /\ g_th = C (iterate J t g).
Proof.
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ primitive _ _
  (proj1 derivatives_exist) (proj2 derivatives_exist) (proj1 loss) at_rest t) as [G1 G2].
split. exact (gradient_unique (dot_state_inner N) bptt_state G1). exact (gradient_unique (dot_param_inner N) bptt_param G2).
Qed.

Theorem first_order_error :
  exists (a b : State N) (a_th b_th : Param N),
  forall (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R),
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  expands along beta (fun x => eta x / beta x) (State N) (fun x => Delta_state N t (beta x) (eta x)) (opp g_s) a b /\
  expands along beta (fun x => eta x / beta x) (Param N) (fun x => Delta_param N t (beta x) (eta x)) (opp g_th) a_th b_th.
Proof.
destruct gradients_are_powers as [-> ->]. do 4 eexists. intros T along HF beta eta Hb Hb0 He0 Hk.
exact (@Delta_expands T along HF beta eta Hb Hb0 He0 Hk t).
Qed.
Theorem centred_error (T : Type) (along : (T -> Prop) -> Prop) (HF : Filter along) (beta eta : T -> R) :
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  bigO along (State N) (fun x => plus (centred_Delta_state N t (beta x) (eta x)) g_s) (fun x => beta x * beta x + eta x / beta x * (eta x / beta x)) /\
  bigO along (Param N) (fun x => plus (centred_Delta_param N t (beta x) (eta x)) g_th) (fun x => beta x * beta x + eta x / beta x * (eta x / beta x)).
Proof.
intros Hb Hb0 He0 Hk. destruct gradients_are_powers as [-> ->]. exact (@centred_order_two T along HF beta eta Hb Hb0 He0 Hk t).
Qed.
End CEP.
