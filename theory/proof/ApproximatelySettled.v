(** * A free phase that has only approximately settled

    The second phase starts from [s] with the residual [F(s, theta) - s], not zero.  The
    residual enters the updates divided by [beta]: the first one is
    [residual / beta - grad ell(s)], with no limit taken ([first_update]).

    - [residual_bias]: a residual of [beta r] to first order adds [J^t r] to the updates;
    - [approximately_settled]: Theorem 1 holds if the residual is [o(beta)];
    - [residual_must_be_o_beta]: and only then, already for the first update;
    - [residual_amplified]: the amplification by [1 / beta], as a lower bound;
    - [residual_decays], [distance_from_residual]: how many free steps are enough, when they
      contract;
    - [residual_of_order_beta]: a network in which a residual of [2 beta] turns the first
      update round.

    The limits are taken at [eta / beta -> 0], and compared with BPTT at the steady state that
    the free phase approaches.
    Upper bounds with explicit constants, for one [beta] and one [eta], are in
    [SettlingBound.v]; the vocabulary and the technical part of the proofs in [Drift.v]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse.
From CEP Require Import Potential Network Drift.
Set Implicit Arguments.
Open Scope R_scope.

(** ** How the residual enters *)

Lemma strict_derivatives_are (N : network) DF DPhi : strict_derivatives N DF DPhi -> derivatives N DF DPhi.
Proof. intros [H1 H2]. split; now apply strict_diff. Qed.

(** If the residual is [beta r] to first order, [J^t r] is added to the updates. *)
Theorem residual_bias (N : network) DF DPhi (T : Type) (along : (T -> Prop) -> Prop) (HA : Filter along)
  (beta eta : T -> R) (s : T -> State N) (r : State N) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> strict_derivatives N DF DPhi -> loss_differentiable N -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim s along (locally (s_star N)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally r) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (s x) t (beta x) (eta x)) along
    (locally (minus (iterate (dF_ds DF) t r) g_s)) /\
  filterlim (fun x => Delta_param_from N (s x) t (beta x) (eta x)) along
    (locally (minus (dPhi_theta_ds DPhi (iterate (dF_ds DF) t r)) g_th)).
Proof.
intros HP HD [Hl Hc] HS Hb Hb0 He0 Hk Hs Hr Hgs Hgth.
destruct (strict_derivatives_are HD) as [HF HPhi].
destruct (@bptt_gradients _ _ _ _ (dot_state_inner N) (dot_param_inner N) _ _ _ _ _ _ _ HP _ _ HF HPhi Hl HS t) as [G1 G2].
rewrite (gradient_unique (dot_state_inner N) Hgs G1), (gradient_unique (dot_param_inner N) Hgth G2).
destruct (@drift_limit N DF DPhi HD Hc T along HA beta eta 0 s r Hb Hb0 Hk Hs Hr t) as [L1 L2]. specialize (L2 He0).
rewrite (iterate_ext (modified_jacobian (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi) 0) (dF_ds DF) t _ (@modified_jacobian_0 _ _ _ _ _)) in L1, L2.
assert (LJ := @dF_ds_linear _ _ _ _ _ _ HF). assert (LC := @dPhi_theta_ds_linear _ _ _ _ _ _ HPhi).
assert (E : forall x y, iterate (dF_ds DF) t (minus x y) = minus (iterate (dF_ds DF) t x) (iterate (dF_ds DF) t y)).
{ intros x y. clear -LJ. induction t as [|t IH]; simpl. reflexivity. rewrite IH. exact (linear_minus _ _ _ LJ). }
rewrite E in L1, L2.
split. exact L1.
assert (E2 : minus (dPhi_theta_ds DPhi (iterate (dF_ds DF) t r)) (dPhi_theta_ds DPhi (iterate (dF_ds DF) t (grad_ell N (s_star N)))) =
  dPhi_theta_ds DPhi (minus (iterate (dF_ds DF) t r) (iterate (dF_ds DF) t (grad_ell N (s_star N))))) by (symmetry; exact (linear_minus _ _ _ LC)).
rewrite E2. exact L2.
Qed.

(** Theorem 1 therefore survives a free phase that has only approximately settled, if the
    residual is [o(beta)] ... *)
Theorem approximately_settled (N : network) (T : Type) (along : (T -> Prop) -> Prop) (HA : Filter along)
  (beta eta : T -> R) (s : T -> State N) (t : nat) (g_s : State N) (g_th : Param N) :
  has_primitive_function N -> (exists DF DPhi, strict_derivatives N DF DPhi) -> loss_differentiable N -> settled N ->
  filterlim beta along (locally (0:R)) -> along (fun x => beta x <> 0) -> along (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) along (locally (0:R)) ->
  filterlim s along (locally (s_star N)) ->
  filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally (zero : State N)) ->
  is_nabla_s N t g_s -> is_nabla_theta N t g_th ->
  filterlim (fun x => Delta_state_from N (s x) t (beta x) (eta x)) along (locally (opp g_s)) /\
  filterlim (fun x => Delta_param_from N (s x) t (beta x) (eta x)) along (locally (opp g_th)).
Proof.
intros HP [DF [DPhi HD]] Hl HS Hb Hb0 He0 Hk Hs Hr Hgs Hgth.
destruct (@residual_bias N DF DPhi T along HA beta eta s zero t g_s g_th HP HD Hl HS Hb Hb0 He0 Hk Hs Hr Hgs Hgth) as [L1 L2].
destruct (strict_derivatives_are HD) as [HF HPhi].
assert (LJ := @dF_ds_linear _ _ _ _ _ _ HF). assert (LC := @dPhi_theta_ds_linear _ _ _ _ _ _ HPhi).
assert (E : iterate (dF_ds DF) t zero = zero).
{ clear -LJ. induction t as [|t IH]; simpl. reflexivity. rewrite IH. exact (linear_zero _ LJ). }
assert (E2 : dPhi_theta_ds DPhi zero = zero) by exact (linear_zero _ LC).
rewrite E in L1, L2. rewrite E2 in L2.
split. 
- replace (opp g_s) with (minus zero g_s) by module (State N). exact L1.
- replace (opp g_th) with (minus zero g_th) by module (Param N). exact L2.
Qed.

(** ... and only then: this is already forced by the first update of the neurons. *)
Theorem first_update (N : network) (s : State N) (beta eta : R) : beta <> 0 ->
  Delta_state_from N s 0 beta eta = minus (scal (/ beta : R_AbsRing) (residual N s)) (grad_ell N s).
Proof.
intros Hb. exact (@first_quotient (State N) beta (F N (s, theta N)) s (grad_ell N s) Hb).
Qed.

Theorem residual_must_be_o_beta (N : network) (T : Type) (along : (T -> Prop) -> Prop) (HA : Filter along)
  (beta eta : T -> R) (s : T -> State N) (g_s : State N) :
  loss_differentiable N ->
  along (fun x => beta x <> 0) -> filterlim s along (locally (s_star N)) -> is_nabla_s N 0 g_s ->
  (filterlim (fun x => Delta_state_from N (s x) 0 (beta x) (eta x)) along (locally (opp g_s)) <->
   filterlim (fun x => scal (/ beta x : R_AbsRing) (residual N (s x))) along (locally (zero : State N))).
Proof.
intros [Hl Hc] Hb0 Hs Hgs.
assert (E : g_s = grad_ell N (s_star N)).
{ apply (gradient_unique (dot_state_inner N) Hgs). exact Hl. }
assert (Lg : filterlim (fun x => grad_ell N (s x)) along (locally (grad_ell N (s_star N)))) by (eapply filterlim_comp; [exact Hs | exact Hc]).
subst g_s. split; intros L.
- assert (X := @flim_plus T along HA (State N) _ _ _ _ L Lg).
  assert (E0 : plus (opp (grad_ell N (s_star N))) (grad_ell N (s_star N)) = zero) by module (State N).
  rewrite E0 in X. eapply filterlim_ext_loc; [|exact X].
  revert Hb0. apply filter_imp. intros x Hx. rewrite (first_update _ _ _ Hx). module (State N).
- assert (X := @flim_minus T along HA (State N) _ _ _ _ L Lg).
  assert (E0 : minus zero (grad_ell N (s_star N)) = opp (grad_ell N (s_star N))) by module (State N).
  rewrite E0 in X. eapply filterlim_ext_loc; [|exact X].
  revert Hb0. apply filter_imp. intros x Hx. rewrite (first_update _ _ _ Hx). reflexivity.
Qed.

(** The amplification by [1 / beta], with nothing in the limit. *)
Theorem residual_amplified (N : network) (s : State N) (beta eta : R) : beta <> 0 ->
  norm (residual N s) / Rabs beta - norm (grad_ell N s) <= norm (Delta_state_from N s 0 beta eta).
Proof.
intros Hb. rewrite (first_update _ _ _ Hb).
assert (E : norm (scal (/ beta : R_AbsRing) (residual N s)) = norm (residual N s) / Rabs beta).
{ rewrite norm_scal_R, Rabs_Rinv by auto. unfold Rdiv. ring. }
rewrite <- E.
set (x := scal (/ beta : R_AbsRing) (residual N s)). set (y := grad_ell N s).
assert (X : norm x <= norm (minus x y) + norm y).
{ replace x with (plus (minus x y) y) at 1 by module (State N). apply (norm_triangle (minus x y) y). }
lra.
Qed.

Lemma norm_minus_le (V : NM) (x y : V) : norm (minus x y) <= norm x + norm y.
Proof. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l. right. apply norm_opp. Qed.

(** ** How long to settle, when the free phase is a contraction *)

Section Contraction.
Variable N : network.
Variable c : R.
Hypothesis c_bounds : 0 <= c < 1.
Hypothesis contraction : forall s s', norm (minus (F N (s', theta N)) (F N (s, theta N))) <= c * norm (minus s' s).
Let free t s := free_phase (F N) (theta N) t s.

(** The residual after [T] steps is at most [c^T] times the first one; it is also at most
    [c] times the last change of the state. *)
Theorem residual_decays (s : State N) (T : nat) : norm (residual N (free T s)) <= c ^ T * norm (residual N s).
Proof.
induction T as [|T IH]. simpl. lra.
unfold free. rewrite (@free_phase_S _ _ (F N) (theta N) T s). fold (free T s).
change (norm (minus (F N (F N (free T s, theta N), theta N)) (F N (free T s, theta N))) <= c ^ S T * norm (residual N s)).
eapply Rle_trans. apply contraction. simpl. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. exact IH.
Qed.
Lemma residual_from_last_change (s : State N) : norm (residual N (F N (s, theta N))) <= c * norm (minus (F N (s, theta N)) s).
Proof. apply contraction. Qed.
Theorem distance_from_residual (s : State N) : settled N -> norm (minus s (s_star N)) <= norm (residual N s) / (1 - c).
Proof.
intros HS.
assert (E : minus s (s_star N) = minus (minus (F N (s, theta N)) (F N (s_star N, theta N))) (residual N s)).
{ unfold residual. unfold settled in HS. rewrite HS. set (f := F N (s, theta N)). clearbody f.
  transitivity (minus (minus f (s_star N)) (minus f s)). module (State N). reflexivity. }
assert (X := contraction (s_star N) s).
assert (Y : norm (minus s (s_star N)) <= c * norm (minus s (s_star N)) + norm (residual N s)).
{ rewrite E at 1. eapply Rle_trans. apply norm_minus_le. lra. }
apply Rle_div_r. lra. lra.
Qed.
End Contraction.

(** ** An example: a residual of the order of [beta] turns the first update round *)

Section TooEarly.
Let R1 := R_NormedModule.
Let mul (x y : R) : R := x * y.
(* Phi = s^2/4 + theta s, at rest at s = 1 with theta = 1/2; squared error with target 0 *)
Definition leaky_unit : network := @Network R1 R1 mul mul is_inner_product_R is_inner_product_R
  (fun z => fst z * fst z / 4 + snd z * fst z) (fun z => fst z / 2 + snd z) (fun z => fst z) (fun s => s * s / 2) (fun s => s) 1 (1 / 2).
Local Notation N := leaky_unit.

Theorem residual_of_order_beta :
  settled N /\ is_nabla_s N 0 (1 : R) /\
  (forall beta : R, residual N (1 - 4 * beta) = 2 * beta) /\
  filterlim (fun beta : R => Delta_state_from N (1 - 4 * beta) 0 beta (beta * beta)) (locally' (0:R)) (locally (1 : R)).
Proof.
assert (Hr : forall beta : R, residual N (1 - 4 * beta) = 2 * beta).
{ intros beta. change ((1 - 4 * beta) / 2 + 1 / 2 + - (1 - 4 * beta) = 2 * beta). field. }
split; [|split; [|split]].
- change (1 / 2 + 1 / 2 = 1). field.
- assert (G : is_gradient R1 mul (fun s => s * s / 2) 1 1).
  { apply (@quadratic_remainder_diff R1 R1).
    + apply ip_is_linear. exact is_inner_product_R.
    + exists 1. split. lra. apply filter_forall. intros p.
      change (Rabs (p * p / 2 + - (1 * 1 / 2) + - (1 * (p + - 1))) <= 1 * (Rabs (p + - 1) * Rabs (p + - 1))).
      replace (p * p / 2 + - (1 * 1 / 2) + - (1 * (p + - 1))) with ((p + - 1) * (p + - 1) / 2) by field.
      unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos (p + - 1)). nra. }
  exact G.
- exact Hr.
- apply filterlim_ext_loc with (fun beta : R => 1 + 4 * beta).
  { refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros beta Hb.
    assert (E := @first_update N (1 - 4 * beta) beta (beta * beta) Hb). rewrite Hr in E.
    transitivity (/ beta * (2 * beta) + - (1 - 4 * beta)). field; exact Hb. symmetry. exact E. }
  apply (@flim_to' R_UniformSpace).
  assert (C : continuous (fun beta : R => 1 + 4 * beta) 0).
  { apply (@ex_derive_continuous R_AbsRing R_NormedModule). auto_derive. exact I. }
  unfold continuous in C. replace (1 + 4 * 0) with 1 in C by ring. exact C.
Qed.
End TooEarly.
